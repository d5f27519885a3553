"""Single sign-on as a person does it: OpenID Connect's authorization code flow with a browser's cookies, redirects and forms.

`Browser` is what the person uses, `RelyingParty` what the application does; both check what the standards tell them to check.
"""

from converge.sso.browser import AccountDisabled, Browser, Credentials, LoginRefused, LoginRequired, Page, WrongPassword
from converge.sso.relying_party import Client, InvalidState, InvalidToken, Provider, RelyingParty, SessionEnded, Tokens, discover

__all__ = [
    "AccountDisabled",
    "Browser",
    "Client",
    "Credentials",
    "InvalidState",
    "InvalidToken",
    "LoginRefused",
    "LoginRequired",
    "Page",
    "Provider",
    "RelyingParty",
    "SessionEnded",
    "Tokens",
    "WrongPassword",
    "discover",
]
