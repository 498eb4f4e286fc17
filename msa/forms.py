"""How forms are written as HTML: labels, help, errors and their tie to the field."""

from django.forms.renderers import TemplatesSetting


class MsaFormRenderer(TemplatesSetting):
    """Renders forms with `templates/forms/`; widgets keep Django's own templates.

    Named by the setting FORM_RENDERER; `django.forms` must be among INSTALLED_APPS.
    """

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
