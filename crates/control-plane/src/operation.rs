use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::operations::Listed;
use crate::{LocalManager, ManagerError};

/// Something that can be asked of a manager: a struct with what is asked, and the type of the reply.
///
/// Remote: `POST <url>/manager/v1/<NAME>`, the struct as JSON, the reply as JSON. Each stands in the list of
/// `operations.rs`, by which a remote manager serves it; the compiler asks for that.
pub trait Operation: Listed + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What comes back.
    type Reply: Serialize + DeserializeOwned + Send + 'static;

    /// `<area>.<verb>`: "account.create".
    const NAME: &'static str;

    /// Does it on the database.
    fn run(
        self,
        manager: &LocalManager,
    ) -> impl Future<Output = Result<Self::Reply, ManagerError>> + Send;
}
