//! Tidegate with a tool and a layer of a team's own. Settings come from the environment as for `tidegate`.

use std::collections::HashMap;

use tidegate_config::Settings;
use tidegate_examples::{Maintenance, extend};
use tidegate_server::{Application, wait_for_signal};

fn main() -> anyhow::Result<()> {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("a TLS provider is installed already"))?;
    let environment: HashMap<String, String> = std::env::vars().collect();
    let settings = Settings::load(None, &environment).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!(problems.join("\n"))
    })?;
    actix_rt::System::new().block_on(async {
        let maintenance = Maintenance::default();
        let application =
            Application::builder(settings).extend(|catalogue| extend(catalogue, maintenance));
        let running = Box::pin(application.start()).await?;
        wait_for_signal().await?;
        running.stop().await;
        Ok(())
    })
}
