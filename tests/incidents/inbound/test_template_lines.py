import pytest

from incidents.inbound.template_lines import named_certificate, named_severity


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("Severity: 2", 2),
        ("*Severity:* 1 (the network is down)", 1),
        ("Hello,\n\nGravité : 3", 3),
        ("严重级别\uff1a\uff12", 2),
        ("严重级别:4", 4),
        ("Ernst: 2", 2),
        ("Уровень критичности: 1", 1),
        ("Severity: 5", None),
        ("Severity: 12", None),
        ("The severity: 2", None),
        ("\n" * 60 + "Severity: 1", None),
        ("", None),
    ],
)
def test_the_severity_that_a_line_names(text: str, severity: int | None) -> None:
    assert named_severity(text) == severity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Certificate: MSA-1", "MSA-1"),
        ("证书\uff1aMSA-CN-10093", "MSA-CN-10093"),
        ("Сертификат: *MSA-1*", "MSA-1"),
        ("My certificate: MSA-1", ""),
    ],
)
def test_the_certificate_that_a_line_names(text: str, number: str) -> None:
    assert named_certificate(text) == number
