"""The list's filter: what a person may narrow by, and what they typed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from incidents.models import Incident
from incidents.queries import Turn
from incidents.queries.narrowing import Narrowing, Order
from incidents.queries.search import TEXT_LENGTH
from incidents.states import SEVERITY_LABELS

TURNS: Final = {
    Turn.YOURS: gettext_lazy("Waiting for you"),
    Turn.OURS: gettext_lazy("Waiting for us"),
    Turn.CLOSED: gettext_lazy("Closed"),
}
ORDERS: Final = {
    Order.LATEST: gettext_lazy("Latest event first"),
    Order.RECEIVED: gettext_lazy("Newest first"),
    Order.OLDEST: gettext_lazy("Oldest first"),
    Order.SEVERITY: gettext_lazy("Most severe first"),
}
MINE: Final = "mine"


class ListForm(forms.Form):
    """Everything in the list's address; what is not understood narrows nothing, and says so."""

    q = forms.CharField(
        label=gettext_lazy("Search"),
        required=False,
        max_length=TEXT_LENGTH,
        widget=forms.TextInput(
            attrs={"type": "search", "autocomplete": "off", "maxlength": TEXT_LENGTH}
        ),
        help_text=gettext_lazy("Words, “a phrase”, -without, or a reference such as 2026-123."),
    )
    turn = forms.ChoiceField(label=gettext_lazy("Whose move"), required=False)
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), required=False)
    product = forms.ChoiceField(label=gettext_lazy("Product"), required=False)
    certificate = forms.ChoiceField(label=gettext_lazy("Certificate"), required=False)
    whose = forms.ChoiceField(label=gettext_lazy("Filed by"), required=False)
    since = forms.DateField(
        label=gettext_lazy("Received from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label=gettext_lazy("Received until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    sort = forms.ChoiceField(label=gettext_lazy("Order"), required=False, choices=ORDERS.items)

    def __init__(self, *args: Any, user: User, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        seen = Incident.objects.visible_to(user, at).order_by()
        products = seen.exclude(product=None).values_list("product", "product__name").distinct()
        certificates = seen.values_list("certificate__number", flat=True).distinct()
        numbers = sorted(certificates)
        self._offer("turn", list(TURNS.items()))
        self._offer("severity", [(str(key), label) for key, label in SEVERITY_LABELS.items()])
        self._offer("product", sorted(products, key=lambda product: str(product[1])))
        self._offer("certificate", list(zip(numbers, numbers, strict=True)))
        self._offer("whose", [(MINE, _("Me"))], any_label=_("Anybody"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("The period ends before it begins."))
        return cleaned

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is looked for, so that an empty list does not mean an empty desk."""
        names = [name for name in self.fields if name != "sort"]
        return any(self.data.get(name) for name in names)

    @property
    def filters_set(self) -> int:
        """Return how many of the folded filters hold something."""
        names = [name for name in self.fields if name not in {"q", "sort"}]
        return sum(bool(self.data.get(name)) for name in names)

    def narrowing(self) -> Narrowing:
        """Return what is asked for; call `is_valid` first."""
        cleaned = self.cleaned_data
        narrowed_by = {
            "severity": cleaned.get("severity"),
            "product": cleaned.get("product"),
            "certificate__number": cleaned.get("certificate"),
            "author": self.user.pk if cleaned.get("whose") == MINE else None,
        }
        return Narrowing(
            text=cleaned.get("q", ""),
            turn=Turn(cleaned["turn"]) if cleaned.get("turn") else None,
            conditions={name: value for name, value in narrowed_by.items() if value},
            since=self._midnight(cleaned.get("since")),
            until=self._midnight(cleaned.get("until"), days=1),
            order=Order(cleaned.get("sort") or Order.LATEST),
        )

    def recorded(self) -> dict[str, str]:
        """Return what narrowed the list, as an export notes it; the words searched for are not."""
        return {
            name: str(value) for name, value in self.cleaned_data.items() if value and name != "q"
        }

    def _offer(self, name: str, choices: Any, any_label: str = "") -> None:
        field: Any = self.fields[name]
        field.choices = [("", any_label or _("Any")), *choices]

    def _midnight(self, day: date | None, days: int = 0) -> datetime | None:
        """Return when a day begins on the reader's own clock."""
        if (
            day is None
            or day >= date.max - timedelta(days=2)
            or day <= date.min + timedelta(days=2)
        ):
            return None
        wanted = day + timedelta(days=days)
        local = datetime(wanted.year, wanted.month, wanted.day, tzinfo=ZoneInfo(self.user.timezone))
        return local.astimezone(UTC)
