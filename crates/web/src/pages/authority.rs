//! Who may ask for a page, as extractors: a handler that takes one cannot be reached by anybody else.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use tidegate_control_plane::account::{AccountKey, FindAccount};
use tidegate_control_plane::workspace::{FindWorkspace, ListMemberships, Membership};
use tidegate_login::{BrowserSession, CsrfToken};
use tidegate_pages::{AdminLayout, Person, Section, UntrustedText};
use tidegate_types::{AccountId, Role, SecretString, WorkspaceSlug};

use crate::body::{self, BodyProblem};

use super::failure::Failure;
use super::fields::{Fields, MOST_BYTES};
use super::layout::{FormOutcome, layout};
use super::page_request::PageRequest;

/// Somebody with a right to a page.
pub(super) trait Authority: Sized + 'static {
    /// Tells whether whoever visits has it. `fields` are the query's for GET and the form's for POST.
    ///
    /// # Errors
    /// They have not.
    fn of(
        page_request: PageRequest,
        fields: &Fields,
    ) -> impl Future<Output = Result<Self, Failure>>;

    /// Whether a form carries what forms of their pages carry.
    fn accepts(&self, token: &str) -> bool;
}

/// A request for a page, with its query.
pub(super) struct Get<A> {
    /// The caller.
    pub by: A,
    /// What the query says.
    pub query: Fields,
}

/// A form that a page of this browser session sent.
pub(super) struct Post<A> {
    /// Who sent it.
    pub by: A,
    /// What it says.
    pub form: Fields,
}

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, Failure>>>>;

impl<A: Authority> FromRequest for Get<A> {
    type Error = Failure;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let page_request = PageRequest::begin(&request)?;
            let query = Fields::parse(request.query_string().as_bytes())?;
            match A::of(page_request, &query).await {
                Ok(by) => Ok(Self { by, query }),
                Err(failure) => Err(in_frame(failure, &request).await),
            }
        })
    }
}

impl<A: Authority> FromRequest for Post<A> {
    type Error = Failure;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = web::Payload::from_request(&request, payload).into_inner();
        Box::pin(async move {
            let page_request = PageRequest::begin(&request)?;
            if page_request.is_foreign(&request) {
                return Err(Failure::Forged);
            }
            let payload = payload.map_err(|_| Failure::Malformed("No body came."))?;
            let form = read(&page_request, &request, payload).await?;
            let by = match A::of(page_request, &form).await {
                Ok(by) => by,
                // Whoever sent it wrote something, and is told what became of it.
                Err(Failure::SignInFirst(page)) => return Err(Failure::SessionOver(page)),
                Err(failure) => return Err(in_frame(failure, &request).await),
            };
            if !by.accepts(form.text("csrf")) {
                return Err(Failure::Forged);
            }
            Ok(Self { by, form })
        })
    }
}

/// A refusal as whoever is signed in sees it: with the list of their pages, so that they find back.
pub(super) async fn in_frame(failure: Failure, request: &HttpRequest) -> Failure {
    if !matches!(failure, Failure::NotAllowed | Failure::NotFound) {
        return failure;
    }
    match frame_of(request).await {
        Ok(layout) => Failure::InFrame(Box::new(layout), Box::new(failure)),
        Err(_) => failure,
    }
}

async fn frame_of(request: &HttpRequest) -> Result<AdminLayout, Failure> {
    let page_request = PageRequest::begin(request)?;
    let by = SignedIn::of(page_request, &Fields::default()).await?;
    let memberships = by.memberships().await?;
    Ok(layout(
        &by,
        &memberships,
        Section::Elsewhere,
        FormOutcome::None,
    ))
}

async fn read(
    page_request: &PageRequest,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<Fields, Failure> {
    let content_type = request.headers().get(CONTENT_TYPE);
    let is_form = content_type
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| body::names(value, "application/x-www-form-urlencoded"));
    if !is_form {
        return Err(Failure::Malformed("This is no form."));
    }
    match body::read(page_request.edge(), request, payload, MOST_BYTES).await {
        Ok(body) => Fields::parse(&body),
        Err(BodyProblem::CutOff(_) | BodyProblem::TooSlow) => {
            Err(Failure::Malformed("The form was cut off."))
        }
        Err(BodyProblem::TooLarge) => Err(Failure::Malformed("The form is too large.")),
    }
}

/// Anybody, signed in or not.
pub(super) struct Anybody {
    pub page_request: PageRequest,
    pub session: Option<BrowserSession>,
    /// What forms carry.
    pub csrf: CsrfToken,
    /// The cookie that the token of forms is made of, when the browser has none yet.
    pub new_cookie: Option<SecretString>,
}

impl Authority for Anybody {
    async fn of(page_request: PageRequest, _: &Fields) -> Result<Self, Failure> {
        let session = page_request.session().await?;
        let mut new_cookie = None;
        let csrf = match (&session, &page_request.form_cookie) {
            (Some(session), _) => session.csrf.clone(),
            (None, Some(cookie)) => CsrfToken::of_cookie(cookie),
            (None, None) => {
                let (cookie, csrf) = CsrfToken::draw();
                new_cookie = Some(cookie);
                csrf
            }
        };
        Ok(Self {
            page_request,
            session,
            csrf,
            new_cookie,
        })
    }

    /// A page that was loaded before somebody signed in in another tab still counts.
    fn accepts(&self, token: &str) -> bool {
        let is_of_form = |cookie: &String| CsrfToken::of_cookie(cookie).matches(token);
        self.csrf.matches(token)
            || self
                .page_request
                .form_cookie
                .as_ref()
                .is_some_and(is_of_form)
    }
}

/// Whoever is signed in, even by a password that is for one use.
pub(super) struct HalfSignedIn {
    pub page_request: PageRequest,
    pub session: BrowserSession,
}

impl Authority for HalfSignedIn {
    async fn of(page_request: PageRequest, _: &Fields) -> Result<Self, Failure> {
        match page_request.session().await? {
            Some(session) => Ok(Self {
                page_request,
                session,
            }),
            None => Err(Failure::SignInFirst(page_request.return_to)),
        }
    }

    fn accepts(&self, token: &str) -> bool {
        self.session.csrf.matches(token)
    }
}

/// Whoever is signed in.
pub(super) struct SignedIn {
    pub page_request: PageRequest,
    pub session: BrowserSession,
}

impl Authority for SignedIn {
    async fn of(page_request: PageRequest, fields: &Fields) -> Result<Self, Failure> {
        let HalfSignedIn {
            page_request,
            session,
        } = HalfSignedIn::of(page_request, fields).await?;
        if session.must_change_password {
            return Err(Failure::PasswordFirst(page_request.return_to));
        }
        Ok(Self {
            page_request,
            session,
        })
    }

    fn accepts(&self, token: &str) -> bool {
        self.session.csrf.matches(token)
    }
}

impl SignedIn {
    /// As pages show them.
    pub(super) fn person(&self) -> Person {
        let account = &self.session.account;
        Person {
            username: UntrustedText::new(&account.username),
            display_name: UntrustedText::or(&account.display_name, &account.username),
        }
    }

    /// What an account signs in with, for the audit; its id where it is gone.
    pub(super) async fn username_of(&self, account: &AccountId) -> Result<String, Failure> {
        let key = AccountKey::Id(account.clone());
        let found = self.page_request.ask(FindAccount { key }).await?;
        Ok(found.map_or_else(|| account.to_string(), |found| found.username))
    }

    pub(super) async fn memberships(&self) -> Result<Vec<Membership>, Failure> {
        let account = self.session.account.id.clone();
        self.page_request.ask(ListMemberships { account }).await
    }
}

/// Whoever manages the whole deployment.
pub(super) struct Administrator(pub SignedIn);

impl Authority for Administrator {
    async fn of(page_request: PageRequest, fields: &Fields) -> Result<Self, Failure> {
        let person = SignedIn::of(page_request, fields).await?;
        if person.session.account.is_administrator {
            Ok(Self(person))
        } else {
            Err(Failure::NotAllowed)
        }
    }

    fn accepts(&self, token: &str) -> bool {
        self.0.session.csrf.matches(token)
    }
}

/// Whoever manages what the field `workspace` names: one workspace, or the whole deployment when it is empty.
pub(super) struct Overseer {
    pub person: SignedIn,
    /// `None`: the whole deployment.
    pub workspace: Option<WorkspaceSlug>,
    /// Where they are administrators by membership.
    pub managed: Vec<WorkspaceSlug>,
}

impl Overseer {
    /// Whether they manage the whole deployment.
    pub(super) fn is_administrator(&self) -> bool {
        self.person.session.account.is_administrator
    }
}

impl Authority for Overseer {
    async fn of(page_request: PageRequest, fields: &Fields) -> Result<Self, Failure> {
        let person = SignedIn::of(page_request, fields).await?;
        let managed: Vec<WorkspaceSlug> = person
            .memberships()
            .await?
            .into_iter()
            .filter(|membership| membership.role == Role::Admin)
            .map(|membership| membership.workspace)
            .collect();
        let is_administrator = person.session.account.is_administrator;
        let named = fields
            .read_if_there::<WorkspaceSlug>("workspace")
            .map_err(|_| Failure::NotAllowed)?;
        let workspace = match named {
            Some(slug) if managed.contains(&slug) => Some(slug),
            Some(slug) if is_administrator => {
                let found = person.page_request.ask(FindWorkspace { slug }).await?;
                Some(found.ok_or(Failure::NotFound)?.slug)
            }
            None if is_administrator => None,
            // Whoever manages one workspace need not name it, in a page's address; forms name it always.
            None => Some(managed.first().cloned().ok_or(Failure::NotAllowed)?),
            // Whether there is such a workspace is not their business.
            Some(_) => return Err(Failure::NotAllowed),
        };
        Ok(Self {
            person,
            workspace,
            managed,
        })
    }

    fn accepts(&self, token: &str) -> bool {
        self.person.session.csrf.matches(token)
    }
}

/// Whoever manages the one workspace that the field `workspace` names.
pub(super) struct WorkspaceAdmin {
    pub person: SignedIn,
    pub workspace: WorkspaceSlug,
}

impl Authority for WorkspaceAdmin {
    async fn of(page_request: PageRequest, fields: &Fields) -> Result<Self, Failure> {
        let Overseer {
            person, workspace, ..
        } = Overseer::of(page_request, fields).await?;
        Ok(Self {
            person,
            workspace: workspace.ok_or(Failure::NotAllowed)?,
        })
    }

    fn accepts(&self, token: &str) -> bool {
        self.person.session.csrf.matches(token)
    }
}
