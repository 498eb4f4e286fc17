"""Administrators' pages on how people sign in: second factors, single sign-on, identities bound."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.admin.base import ModelAdmin, ModelForm, administrator, reception
from accounts.models import BoundIdentity, Customer, SecondFactor, SingleSignOn, User
from accounts.signing_in import secrets
from accounts.signing_in.factors import release_identity, reset_factors
from accounts.signing_in.single_sign_on import is_reachable

for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(model):  # those below take their place, and show no secrets
        admin.site.unregister(model)

_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
DOMAINS_MOST: Final = 50  # of one customer: more is a list of something else


class ShownAdmin(ModelAdmin):
    """A table that administrators read, and act on by actions only."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 (Django's signature)
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 (Django's signature)
        return False


class KindFilter(admin.ChoicesFieldListFilter):
    """By the kind of second factor, under our name of it: allauth has none in other languages."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.title = gettext_lazy("kind")


@admin.register(SecondFactor)
class SecondFactorAdmin(ShownAdmin):
    list_display = ("user", "kind", "created_at", "last_used_at")
    list_display_links = None
    list_filter = (("type", KindFilter),)
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email")
    ordering = ("user__name", "type", "pk")
    actions = ("reset",)
    fields = ("user", "kind", "created_at", "last_used_at")

    @admin.display(description=gettext_lazy("kind"), ordering="type")
    def kind(self, factor: Any) -> str:
        return {
            "totp": _("Authenticator app"),
            "webauthn": _("Passkey"),
            "recovery_codes": _("Recovery codes"),
        }[factor.type]

    @admin.action(
        description=gettext_lazy("Remove all second factors of these people, end their sessions")
    )
    def reset(self, request: HttpRequest, queryset: Any) -> None:
        people = User.objects.filter(pk__in=queryset.values("user")).order_by("name")
        for person in list(people):
            reset_factors(person=person, actor=administrator(request), at=reception(request))
            self.log_change(request, person, _("Second factors removed, sessions ended."))
            self.message_user(
                request,
                _("%(name)s has no second factor any more, and is told by mail.")
                % {"name": person.name},
                messages.SUCCESS,
            )

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Note it in the person's own history, where it is looked for."""
        return self.admin_site.get_model_admin(User).log_change(request, obj, message)


@admin.register(BoundIdentity)
class BoundIdentityAdmin(ShownAdmin):
    list_display = ("user", "belongs_to", "provider", "uid", "date_joined", "last_login")
    list_display_links = None
    list_select_related = ("user__customer",)
    search_fields = ("user__name", "user__email", "uid")
    ordering = ("user__name", "pk")
    actions = ("release",)
    fields = ("user", "provider", "uid", "date_joined", "last_login")

    @admin.display(description=gettext_lazy("belongs to"), ordering="user__customer__name")
    def belongs_to(self, identity: Any) -> str:
        return str(identity.user.customer or "–")

    @admin.action(
        description=gettext_lazy("Release these people from the identity at the provider")
    )
    def release(self, request: HttpRequest, queryset: Any) -> None:
        released = 0
        for identity in queryset.select_related("user"):
            person = identity.user
            release_identity(identity=identity, actor=administrator(request))
            self.admin_site.get_model_admin(User).log_change(
                request, person, _("Released from the identity at the provider.")
            )
            released += 1
        text = ngettext("%(count)d person released.", "%(count)d people released.", released)
        self.message_user(request, text % {"count": released}, messages.SUCCESS)


class SingleSignOnForm(ModelForm):
    """A customer's provider; the secret is written and never shown."""

    customer = forms.ModelChoiceField(
        label=gettext_lazy("Customer"),
        queryset=Customer.objects.none(),
        help_text=gettext_lazy("Only this customer's people get in by it."),
    )
    issuer = forms.URLField(
        label=gettext_lazy("Issuer"),
        max_length=300,
        assume_scheme="https",
        help_text=gettext_lazy(
            "As the provider names itself, such as https://login.example.com. Below it lies "
            "/.well-known/openid-configuration."
        ),
    )
    new_secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        max_length=500,
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Kept encrypted and not shown again. Left empty, it stays."),
    )
    domains = forms.CharField(
        label=gettext_lazy("E-mail domains"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One on each line. Who has such an address is led to the provider."),
    )
    only = forms.BooleanField(
        label=gettext_lazy("Single sign-on only"),
        required=False,
        help_text=gettext_lazy("This customer's people sign in by no other way."),
    )
    trusts_addresses = forms.BooleanField(
        label=gettext_lazy("Its addresses are verified"),
        required=False,
        help_text=gettext_lazy(
            "For providers that do not say so and let nobody choose their address."
        ),
    )

    class Meta:
        model = SingleSignOn
        fields = ("name", "client_id")
        labels: ClassVar[Mapping[str, Any]] = {"client_id": gettext_lazy("Client ID")}
        help_texts: ClassVar[Mapping[str, Any]] = {
            "name": gettext_lazy("What people know their sign-in page by."),
            "client_id": gettext_lazy("As the provider has registered us."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        customers = self.fields["customer"]
        customers.queryset = Customer.objects.order_by("name")  # type: ignore[attr-defined]
        connection = self.instance
        if connection.pk:
            self.initial.update(
                customer=connection.customer_key,
                issuer=connection.issuer,
                domains="\n".join(connection.domains),
                only=connection.only,
                trusts_addresses=connection.trusts_addresses,
            )

    def clean_customer(self) -> Customer:
        customer: Customer = self.cleaned_data["customer"]
        others = SingleSignOn.objects.exclude(pk=self.instance.pk)
        if others.filter(settings__customer=customer.pk).exists():
            raise ValidationError(_("This customer has a single sign-on already."))
        return customer

    def clean_issuer(self) -> str:
        issuer = str(self.cleaned_data["issuer"]).rstrip("/")
        if settings.SESSION_COOKIE_SECURE and not issuer.startswith("https://"):
            raise ValidationError(_("The address of a provider begins with https://."))
        if not is_reachable(issuer):
            raise ValidationError(
                _("There is no OpenID Connect provider that names itself so: check the address.")
            )
        return issuer

    def clean_new_secret(self) -> str:
        secret = str(self.cleaned_data["new_secret"])
        if not secret and not self.instance.pk:
            raise ValidationError(_("A new connection needs the client secret."))
        return secret

    def clean_domains(self) -> list[str]:
        domains = [
            line.strip().lower().lstrip("@") for line in self.cleaned_data["domains"].split()
        ]
        for domain in domains:
            if not _DOMAIN.fullmatch(domain):
                raise ValidationError(
                    _("“%(domain)s” is no domain; expected one such as example.com."),
                    params={"domain": domain},
                )
        if len(domains) > DOMAINS_MOST:
            raise ValidationError(_("At most %(limit)d domains."), params={"limit": DOMAINS_MOST})
        for other in SingleSignOn.objects.exclude(pk=self.instance.pk):
            if taken := sorted(set(domains) & set(other.domains)):
                raise ValidationError(
                    _("%(domain)s belongs to %(name)s already."),
                    params={"domain": taken[0], "name": other.name},
                )
        return list(dict.fromkeys(domains))

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 (Django's signature)
        connection = self.instance
        given = self.cleaned_data
        connection.provider = SingleSignOn.PROVIDER
        if not connection.provider_id:
            connection.provider_id = _free_name(given["name"])
        kept = connection.settings.get("closed_secret")
        connection.settings = {
            "server_url": given["issuer"],
            "customer": given["customer"].pk,
            "domains": given["domains"],
            "only": given["only"],
            "trusts_addresses": given["trusts_addresses"],
            "closed_secret": secrets.close(given["new_secret"]) if given["new_secret"] else kept,
        }
        return super().save(commit)


@admin.register(SingleSignOn)
class SingleSignOnAdmin(ModelAdmin):
    form = SingleSignOnForm
    list_display = ("name", "issuer_shown", "domains_shown", "only_shown")
    search_fields = ("name",)
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "customer", "domains", "only")}),
        (
            gettext_lazy("The provider"),
            {"fields": ("issuer", "client_id", "new_secret", "trusts_addresses", "answer_address")},
        ),
    )
    readonly_fields = ("answer_address",)

    @admin.display(description=gettext_lazy("issuer"))
    def issuer_shown(self, connection: Any) -> str:
        return str(connection.issuer)

    @admin.display(description=gettext_lazy("e-mail domains"))
    def domains_shown(self, connection: Any) -> str:
        return ", ".join(connection.domains)

    @admin.display(description=gettext_lazy("only way in"), boolean=True)
    def only_shown(self, connection: Any) -> bool:
        return bool(connection.only)

    @admin.display(description=gettext_lazy("address for answers"))
    def answer_address(self, connection: Any) -> str:
        if not connection.pk:
            return _("Shown once this is saved; the provider must know it.")
        path = reverse("openid_connect_callback", args=[connection.provider_id])
        return format_html("<code>{}{}</code>", settings.BASE_URL, path)


def _free_name(name: str) -> str:
    """Return what stands in addresses and is bound to people: it never changes."""
    wanted = slugify(name)[:40] or "provider"
    taken = set(SingleSignOn.objects.values_list("provider_id", flat=True))
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return wanted if wanted not in taken else next(one for one in numbered if one not in taken)
