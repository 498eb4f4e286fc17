"""What people of the vendor do besides answering: who has an incident, notes, advice, templates."""

from collections.abc import Callable, Mapping

from accounts.models import Team, User
from incidents.models import Incident
from msa.scenarios.lines import Line
from msa.scenarios.setting import Setting
from tam.actions.advice import give_advice
from tam.actions.assignment import assign, give_to_team
from tam.actions.handling_notes import write_handling_note
from tam.actions.templates import save_template
from tam.models import Advice, ReplyTemplate

Found = tuple[Incident, User]  # what an act on an incident is about, and who does it


def team(setting: Setting, line: Line) -> None:
    made = Team.objects.create(
        name=line.text("name") + setting.mark,
        field=line.fields.get("field", Team.Field.SUPPORT),
        email=line.fields.get("email", ""),
    )
    made.members.set([setting.person(key) for key in line.fields.get("members", [])])
    setting.teams[line.text("key")] = made


def template(setting: Setting, line: Line) -> None:
    """Write a reply template, which the writer's office shares."""
    save_template(
        template=ReplyTemplate(),
        actor=setting.named_person(line, "by"),
        name=line.text("name"),
        kind=ReplyTemplate.Kind(line.text("kind")),
        texts=line.fields["texts"],
        shared=True,
        at=line.instant(),
    )


def handling_note(setting: Setting, line: Line) -> None:
    write_handling_note(
        customer=setting.named_customer(line),
        actor=setting.named_person(line, "by"),
        text=line.text("text"),
        at=line.instant(),
    )


def advice(setting: Setting, line: Line) -> None:
    whose = line.fields.get("whose")
    give_advice(
        certificate=setting.named_certificate(line),
        actor=setting.named_person(line, "by"),
        title=line.text("title"),
        text=line.text("text"),
        action=line.fields.get("action", ""),
        whose=Advice.Whose(whose) if whose else None,
        due_on=line.day("date") if "date" in line.fields else None,
        at=line.instant(),
    )


def assigned(setting: Setting, line: Line, found: Found) -> None:
    incident, actor = found
    to = setting.named_person(line, "to")
    text = line.fields.get("text", "")
    assign(incident=incident, actor=actor, to=to, at=line.instant(), text=text)


def handed_to_team(setting: Setting, line: Line, found: Found) -> None:
    incident, actor = found
    to = setting.named_team(line)
    give_to_team(incident=incident, actor=actor, team=to, at=line.instant(), text=line.text("text"))


ABOUT_NO_INCIDENT: Mapping[str, Callable[[Setting, Line], None]] = {
    "team": team,
    "template": template,
    "handling_note": handling_note,
    "advice": advice,
}
