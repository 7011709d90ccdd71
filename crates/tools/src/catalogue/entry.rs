//! A tool of the catalogue.

use std::sync::Arc;

use serde_json::value::RawValue;
use tidegate_protocol::parameter_header::ParameterHeader;
use tidegate_protocol::{ProtocolVersion, ToolDefinition};

use crate::{
    Accepted, AnyTool, CallArguments, CallContext, CallLayer, LayeredCall, ToolFailure, ToolOutput,
    ToolSpec,
};

/// A tool with what is made of it once.
pub struct CatalogueEntry {
    pub(super) tool: Arc<dyn AnyTool>,
    pub(super) definition: Arc<ToolDefinition>,
    /// In the order of [`ProtocolVersion::SERVED`].
    pub(super) listed: [Box<RawValue>; ProtocolVersion::SERVED.len()],
    pub(super) headers: Vec<ParameterHeader>,
    pub(super) advice: String,
    pub(super) layers: Arc<[Arc<dyn CallLayer>]>,
}

impl CatalogueEntry {
    /// The tool.
    pub fn tool(&self) -> &Arc<dyn AnyTool> {
        &self.tool
    }

    /// Everything about it but its types.
    pub fn spec(&self) -> &ToolSpec {
        self.tool.spec()
    }

    /// Checks arguments, and runs the tool with them through all layers.
    ///
    /// # Errors
    /// `InvalidArguments`, or those of [`Self::call`].
    pub async fn run(
        &self,
        context: &CallContext,
        arguments: CallArguments,
    ) -> Result<ToolOutput, ToolFailure> {
        let accepted = self.tool.accept(arguments);
        let accepted = accepted.map_err(ToolFailure::InvalidArguments)?;
        self.call(context, accepted).await
    }

    /// Runs the tool, through all layers.
    ///
    /// # Errors
    /// Those of the tool and of the layers.
    pub async fn call(
        &self,
        context: &CallContext,
        arguments: Accepted,
    ) -> Result<ToolOutput, ToolFailure> {
        LayeredCall::new(context, &*self.tool, arguments, &self.layers)
            .run()
            .await
    }

    /// As it was defined.
    pub fn definition(&self) -> &ToolDefinition {
        &self.definition
    }

    /// The entry of `tools/list` in a revision, ready to be sent.
    pub fn listed(&self, version: ProtocolVersion) -> &RawValue {
        let index = ProtocolVersion::SERVED
            .iter()
            .position(|served| *served == version);
        &self.listed[index.expect("every revision that has a name is served")]
    }

    /// Arguments that come in `Mcp-Param-…` headers as well.
    pub fn parameter_headers(&self) -> &[ParameterHeader] {
        &self.headers
    }
}
