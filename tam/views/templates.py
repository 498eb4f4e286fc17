"""The pages of reply templates: one's own, and those shared in the office."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import Conflict, NotAllowed, NotFound, Refused
from incidents.actions.submissions import once
from incidents.views.act_forms import TEXT_LENGTH
from incidents.views.request import Request
from tam.actions.templates import (
    delete_template,
    get_template,
    may_edit,
    may_share,
    save_template,
    templates_for,
)
from tam.models import ReplyTemplate
from tam.placeholders import PLACEHOLDERS, fill_with_examples
from tam.views.customer_forms import OnceForm
from tam.views.guards import staff_only

UNPROCESSABLE, CONFLICT = 422, 409


class TemplateForm(OnceForm):
    """A template with a text for each language; `seen` is when it was last changed."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    kind = forms.ChoiceField(label=gettext_lazy("For"), choices=ReplyTemplate.Kind.choices)
    shared = forms.BooleanField(
        label=gettext_lazy("Shared in the office"),
        help_text=gettext_lazy("Otherwise only you have it."),
        required=False,
    )
    seen = forms.DateTimeField(required=False, input_formats=["iso-8601"], widget=forms.HiddenInput)

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            del self.fields["shared"]
        for code, name in settings.LANGUAGES:
            self.fields[f"text-{code}"] = forms.CharField(
                label=_(str(name)),
                required=False,
                max_length=TEXT_LENGTH,
                widget=forms.Textarea(attrs={"rows": 5, "lang": code}),
            )

    @property
    def texts(self) -> dict[str, str]:
        """Return what was typed, by language."""
        return {code: self.data.get(f"text-{code}", "") for code, _name in settings.LANGUAGES}


@require_GET
@staff_only
def listed(request: Request) -> HttpResponse:
    user = request.user
    templates = [
        {"template": template, "may_edit": may_edit(user, template)}
        for template in templates_for(user)
    ]
    context = {"templates": templates, "languages": dict(settings.LANGUAGES)}
    return render(request, "tam/writing/templates.html", context)


@require_http_methods(["GET", "POST"])
@staff_only
def new(request: Request) -> HttpResponse:
    return _edit(request, ReplyTemplate())


@require_http_methods(["GET", "POST"])
@staff_only
def edit(request: Request, pk: int) -> HttpResponse:
    template = get_template(request.user, pk)
    if not may_edit(request.user, template):
        raise NotAllowed(_("You can use this template, but you may not change it."))
    return _edit(request, template)


@require_POST
@staff_only
def deletion(request: Request, pk: int) -> HttpResponse:
    template = get_template(request.user, pk)
    delete_template(template=template, actor=request.user)
    messages.success(request, _("The template is deleted."))
    return redirect("reply-templates")


def _edit(request: Request, template: ReplyTemplate) -> HttpResponse:
    sharing = may_share(request.user)
    if request.method == "GET":
        return _show(request, template, TemplateForm(may_share=sharing, initial=_initial(template)))
    form = TemplateForm(request.POST, may_share=sharing)
    if not form.is_valid():
        return _show(request, template, form, UNPROCESSABLE)
    if "preview" in request.POST:
        previews = _previews(form, request.at)
        return _show(request, template, form, UNPROCESSABLE if form.errors else 200, previews)

    def act() -> str:
        _save(request, template, form)
        return reverse("reply-templates")

    key = form.key(f"template {template.pk}")
    try:
        address = once(user=request.user, key=key, at=request.at, act=act)
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        return _show_refused(request, template, form, refusal)
    messages.success(request, _("The template is saved."))
    return redirect(address)


def _initial(template: ReplyTemplate) -> dict[str, Any]:
    if not template.texts:
        return {"kind": ReplyTemplate.Kind.RESPONSE}
    texts = {f"text-{code}": text for code, text in template.texts.items()}
    return {
        "name": template.name,
        "kind": template.kind,
        "shared": template.owner_id is None,
        "seen": template.changed_at.isoformat(),
        **texts,
    }


def _save(request: Request, template: ReplyTemplate, form: TemplateForm) -> None:
    save_template(
        template=template,
        actor=request.user,
        name=form.cleaned_data["name"],
        kind=form.cleaned_data["kind"],
        texts=form.texts,
        shared=form.cleaned_data.get("shared", False),
        at=request.at,
        unchanged_since=form.cleaned_data["seen"],
    )


def _previews(form: TemplateForm, at: datetime) -> list[dict[str, str]]:
    """Return each text about an incident that there is not; what cannot be filled is an error."""
    previews = []
    for code, name in settings.LANGUAGES:
        if not form.texts[code].strip():
            continue
        try:
            text = fill_with_examples(form.texts[code], code, at=at)
        except Refused as refusal:
            form.add_error(f"text-{code}", str(refusal))
        else:
            previews.append({"code": code, "name": _(str(name)), "text": text})
    return previews


def _show_refused(
    request: Request, template: ReplyTemplate, form: TemplateForm, refusal: Refused
) -> HttpResponse:
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    if not isinstance(refusal, Conflict):
        return _show(request, template, form, UNPROCESSABLE)
    now = ReplyTemplate.objects.filter(pk=template.pk).first()
    seen = now.changed_at.isoformat() if now else ""
    form.data = {**request.POST.dict(), "seen": seen}
    return _show(request, template, form, CONFLICT)


def _show(
    request: Request,
    template: ReplyTemplate,
    form: TemplateForm,
    status: int = 200,
    previews: list[dict[str, str]] | None = None,
) -> HttpResponse:
    context = {
        "template": template,
        "form": form,
        "previews": previews or [],
        "placeholders": [(f"{{{name}}}", each.label) for name, each in PLACEHOLDERS.items()],
    }
    return render(request, "tam/writing/template.html", context, status=status)
