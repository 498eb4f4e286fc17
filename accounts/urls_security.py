"""How a person signs in, and its second step; the names are those that django-allauth asks for."""

from allauth.account.views import reauthenticate
from allauth.mfa.base.views import reauthenticate as reauthenticate_by_code
from allauth.mfa.totp.views import deactivate_totp
from allauth.mfa.webauthn.views import EditWebAuthnView, LoginWebAuthnView, RemoveWebAuthnView
from django.contrib.auth.decorators import login_not_required
from django.urls import path, reverse_lazy

from accounts.views import security, session, single_sign_on

OVERVIEW = reverse_lazy("mfa_index")

urlpatterns = [
    path("sign-in/", session.SignIn.as_view(), name="account_login"),
    path("sign-in/code/", security.SecondStep.as_view(), name="mfa_authenticate"),
    path(
        "sign-in/passkey/",
        login_not_required(LoginWebAuthnView.as_view()),
        name="mfa_login_webauthn",
    ),
    path("sign-in/organisation/", single_sign_on.choose, name="single-sign-on"),
    path(
        "sign-in/organisation/<slug:provider_id>/",
        single_sign_on.begin,
        name="openid_connect_login",
    ),
    path(
        "sign-in/organisation/<slug:provider_id>/answer/",
        single_sign_on.answered,
        name="openid_connect_callback",
    ),
    path("security/", security.Overview.as_view(), name="mfa_index"),
    path("security/confirmation/", reauthenticate, name="account_reauthenticate"),
    path("security/confirmation/code/", reauthenticate_by_code, name="mfa_reauthenticate"),
    path(
        "security/confirmation/passkey/",
        security.ConfirmByPasskey.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path("security/app/", security.SetUpApp.as_view(), name="mfa_activate_totp"),
    path("security/app/removal/", deactivate_totp, name="mfa_deactivate_totp"),
    path(
        "security/recovery-codes/",
        security.RecoveryCodes.as_view(),
        name="mfa_view_recovery_codes",
    ),
    path(
        "security/recovery-codes/new/",
        security.NewRecoveryCodes.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("security/passkeys/new/", security.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path(
        "security/passkeys/<int:pk>/",
        EditWebAuthnView.as_view(success_url=OVERVIEW),
        name="mfa_edit_webauthn",
    ),
    path(
        "security/passkeys/<int:pk>/removal/",
        RemoveWebAuthnView.as_view(success_url=OVERVIEW),
        name="mfa_remove_webauthn",
    ),
    path("security/password/", security.change_password, name="password-change"),
    path("security/sessions/", security.own_sessions, name="own-sessions"),
    path("security/sessions/others/end/", security.other_sessions_end, name="other-sessions-end"),
    path("security/sessions/<int:pk>/end/", security.session_end, name="session-end"),
]
