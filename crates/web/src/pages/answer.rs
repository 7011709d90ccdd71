//! Pages and redirects with the headers that every one of them has.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use tidegate_pages::Page;

/// Where a page stands, which decides what its browser window may still do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageWindow {
    /// On the way from a client's window to its consent and back. The window keeps its opener, which ChatGPT's popup needs,
    /// and forms may end at any address, since browsers apply `form-action` to every redirect that follows.
    OnTheWay,
    /// Alone in its window, and forms stay here.
    AtHome,
}

impl PageWindow {
    /// Where the page is that goes on to this path.
    pub(super) fn before(return_to: &str) -> Self {
        if return_to.starts_with("/oauth/") {
            Self::OnTheWay
        } else {
            Self::AtHome
        }
    }

    const fn policy(self) -> &'static str {
        match self {
            Self::OnTheWay => {
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                 frame-ancestors 'none'; base-uri 'none'"
            }
            Self::AtHome => {
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                 frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
            }
        }
    }

    const fn opener(self) -> &'static str {
        match self {
            Self::OnTheWay => "unsafe-none",
            Self::AtHome => "same-origin",
        }
    }
}

/// A page.
pub(super) fn page(status: StatusCode, place: PageWindow, page: &dyn Page) -> HttpResponse {
    let mut response = HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(page.html());
    protect(&mut response, place);
    response
}

/// A file to keep: bytes of a type.
pub(super) fn file(media_type: &'static str, name: &str, content: String) -> HttpResponse {
    let mut response = HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((
            "Content-Disposition",
            format!("attachment; filename=\"{name}\""),
        ))
        .body(content);
    protect(&mut response, PageWindow::AtHome);
    response
}

/// 303: the next request is GET, whatever this one was.
pub(super) fn see_other(place: PageWindow, to: &str) -> HttpResponse {
    let mut response = HttpResponse::SeeOther().finish();
    match HeaderValue::from_str(to) {
        Ok(to) => {
            response.headers_mut().insert(LOCATION, to);
        }
        Err(_) => return HttpResponse::InternalServerError().finish(),
    }
    protect(&mut response, place);
    response
}

fn protect(response: &mut HttpResponse, place: PageWindow) {
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, place.policy()),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            place.opener(),
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (CACHE_CONTROL, "no-store"),
        // Addresses of pages hold transactions and secrets of invitations.
        (REFERRER_POLICY, "no-referrer"),
        (X_FRAME_OPTIONS, "DENY"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header<'r>(response: &'r HttpResponse, name: &str) -> &'r str {
        response.headers().get(name).unwrap().to_str().unwrap()
    }

    #[test]
    fn only_the_way_to_a_client_keeps_the_opener_and_lets_forms_go() {
        let away = see_other(PageWindow::before("/oauth/consent/tg_tx_1"), "/x");
        assert_eq!("unsafe-none", header(&away, "cross-origin-opener-policy"));
        assert!(!header(&away, "content-security-policy").contains("form-action"));
        let home = see_other(PageWindow::before("/settings"), "/x");
        assert_eq!("same-origin", header(&home, "cross-origin-opener-policy"));
        assert!(header(&home, "content-security-policy").contains("form-action 'self'"));
        for response in [away, home] {
            assert!(header(&response, "content-security-policy").starts_with("default-src 'none'"));
            assert_eq!("no-store", header(&response, "cache-control"));
            assert_eq!("DENY", header(&response, "x-frame-options"));
        }
    }

    #[test]
    fn a_redirect_cannot_carry_a_header() {
        let split = see_other(PageWindow::AtHome, "/x\r\nset-cookie: a=b");
        assert_eq!(500, split.status().as_u16());
    }
}
