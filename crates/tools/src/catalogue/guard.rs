//! What leaves of a tool's answer.

use super::CatalogueEntry;
use crate::{Fitted, Grants, SizeBudget, ToolOutput, hide_fields};

impl CatalogueEntry {
    /// Makes an answer of this tool ready to leave: hides what the principal may not see, then fits it into
    /// the budget.
    pub fn guard(
        &self,
        mut output: ToolOutput,
        grants: &dyn Grants,
        budget: &SizeBudget,
    ) -> Fitted {
        hide_fields(&mut output, self.spec(), grants);
        budget.fit(output, self.spec(), &self.advice)
    }
}
