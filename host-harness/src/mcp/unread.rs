//! Requests that are none of the protocol's: their method is not known, or their parameters are not that method's.

use host::text::cut;
use rmcp::model::{
    CallToolRequestMethod, CallToolRequestParams, CompleteRequestMethod, CompleteRequestParams, ConstString,
    CustomRequest, ErrorCode, ErrorData, ReadResourceRequestMethod, ReadResourceRequestParams,
};
use serde::Deserialize;
use serde_json::Value;

use crate::shown;

/// What is shown of a method's name, and of what is wrong with parameters, in bytes.
const LONGEST: usize = 200;

/// Why it is not answered. The library takes whatever it cannot read for a method that it does not know. Methods that
/// later versions of the protocol no longer have are not known, whatever their parameters.
pub(super) fn refused(request: &CustomRequest) -> ErrorData {
    let params = request.params.as_ref().unwrap_or(&Value::Null);
    let wrong = match request.method.as_str() {
        CallToolRequestMethod::VALUE => wrong::<CallToolRequestParams>(params),
        ReadResourceRequestMethod::VALUE => wrong::<ReadResourceRequestParams>(params),
        CompleteRequestMethod::VALUE => wrong::<CompleteRequestParams>(params),
        unknown => {
            let message = shown::lines(&cut(unknown, LONGEST)).into_owned();
            return ErrorData::new(ErrorCode::METHOD_NOT_FOUND, message, None);
        }
    };
    ErrorData::invalid_params(format!("the parameters of {} cannot be read: {wrong}", request.method), None)
}

/// What is wrong with them.
fn wrong<'a, T: Deserialize<'a>>(params: &'a Value) -> String {
    match T::deserialize(params) {
        Ok(_) => "they do not fit".to_owned(),
        Err(error) => shown::lines(&cut(&error.to_string(), LONGEST)).into_owned(),
    }
}
