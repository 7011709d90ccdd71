//! The one table from kinds of failure to HTTP.

use actix_web::http::StatusCode;
use tidegate_types::ServiceCode;

/// The status of a failure that is decided before anything was sent.
pub(crate) const fn of(code: ServiceCode) -> StatusCode {
    match code {
        ServiceCode::InvalidRequest => StatusCode::BAD_REQUEST,
        ServiceCode::NotFound => StatusCode::NOT_FOUND,
        ServiceCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        ServiceCode::Forbidden | ServiceCode::InsufficientScope => StatusCode::FORBIDDEN,
        ServiceCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ServiceCode::Overloaded | ServiceCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        // Without Retry-After: who repeats a change must look first.
        ServiceCode::Timeout | ServiceCode::OutcomeUnknown => StatusCode::GATEWAY_TIMEOUT,
        // nginx's code for a client that went away; nobody reads it.
        ServiceCode::Cancelled => StatusCode::REQUEST_TIMEOUT,
        ServiceCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_status() {
        for (code, status) in [
            (ServiceCode::InvalidRequest, 400),
            (ServiceCode::Unauthenticated, 401),
            (ServiceCode::Forbidden, 403),
            (ServiceCode::InsufficientScope, 403),
            (ServiceCode::NotFound, 404),
            (ServiceCode::Cancelled, 408),
            (ServiceCode::RateLimited, 429),
            (ServiceCode::Internal, 500),
            (ServiceCode::Overloaded, 503),
            (ServiceCode::Unavailable, 503),
            (ServiceCode::Timeout, 504),
            (ServiceCode::OutcomeUnknown, 504),
        ] {
            assert_eq!(status, of(code).as_u16(), "{code:?}");
        }
    }
}
