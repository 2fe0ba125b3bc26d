"""Questions and answers: typed, checked, and all problems at once."""

from __future__ import annotations

from datetime import date

import pytest

from rollout_sync.errors import TemplateError
from rollout_sync.template.document import TemplateDocument
from rollout_sync.template.parameters import Question, questions, resolve

DOCUMENT = TemplateDocument.model_validate(
    {
        "template": "t",
        "version": 1,
        "title": "T",
        "parameters": {
            "company": {"type": "text", "ask": "Company name"},
            "works_council": {"type": "yes-no", "default": "no"},
            "ticket_limit": {"type": "number", "default": 5, "min": 0, "max": 50},
            "pilot_from": {"type": "date", "default": "2027-01-04", "min": "2027-01-01"},
            "factor": {"type": "choice", "options": ["App", "Key"], "default": "App"},
            "sites": {"type": "list", "default": []},
        },
        "phases": [{"key": "p", "items": [{"key": "i", "title": "I"}]}],
    }
)


def test_questions_come_in_order_with_defaults_that_can_be_typed():
    assert questions(DOCUMENT) == (
        Question(name="company", type="text", ask="Company name"),
        Question(name="works_council", type="yes-no", ask="Works council", default="no"),
        Question(name="ticket_limit", type="number", ask="Ticket limit", default="5", limits="from 0 to 50"),
        Question(name="pilot_from", type="date", ask="Pilot from", default="2027-01-04", limits="at least 2027-01-01"),
        Question(name="factor", type="choice", ask="Factor", default="App", options=("App", "Key")),
        Question(name="sites", type="list", ask="Sites", default=""),
    )


def test_defaults_fill_what_was_not_given():
    assert dict(resolve(DOCUMENT, {"company": " Example "})) == {
        "company": "Example",
        "works_council": False,
        "ticket_limit": 5,
        "pilot_from": date(2027, 1, 4),
        "factor": "App",
        "sites": (),
    }


def test_answers_may_be_texts_or_values():
    texts = {"company": "E", "works_council": "Yes", "ticket_limit": "2.5", "pilot_from": "2027-02-01", "factor": "key"}
    values = {
        "company": "E",
        "works_council": True,
        "ticket_limit": 2.5,
        "pilot_from": date(2027, 2, 1),
        "factor": "Key",
    }
    one = resolve(DOCUMENT, {**texts, "sites": "Rome, Oslo, Rome"})
    two = resolve(DOCUMENT, {**values, "sites": ["Rome", "Oslo"]})
    assert one == two
    assert one["sites"] == ("Rome", "Oslo")


def test_defaults_are_answers_too():
    typed = {question.name: question.default for question in questions(DOCUMENT) if question.default is not None}
    assert resolve(DOCUMENT, {"company": "E", **typed}) == resolve(DOCUMENT, {"company": "E"})


def test_all_problems_are_told_at_once():
    given = {
        "compny": "E",
        "works_council": "perhaps",
        "ticket_limit": "51",
        "pilot_from": "01.02.2027",
        "factor": "Kay",
        "sites": "a\x1bb",
    }
    with pytest.raises(TemplateError) as caught:
        resolve(DOCUMENT, given)
    assert [str(problem) for problem in caught.value.problems] == [
        "parameter company: needs an answer (Company name)",
        "parameter compny: the template asks no such question (did you mean 'company'?)",
        "parameter factor: 'Kay' is no answer to 'factor' (did you mean 'Key'?)",
        "parameter pilot_from: '01.02.2027' is no date (YYYY-MM-DD)",
        "parameter sites: control characters and line breaks are not allowed",
        "parameter ticket_limit: 51 is out of range (from 0 to 50)",
        "parameter works_council: 'perhaps' is neither yes nor no (yes or no)",
    ]


@pytest.mark.parametrize("number", ["", "five", "nan", "inf", "1e9", "5,5", "9" * 5000, "٣", True])
def test_what_is_no_number(number):
    with pytest.raises(TemplateError):
        resolve(DOCUMENT, {"company": "E", "ticket_limit": number})


def test_an_empty_answer_is_no_answer_where_one_is_needed():
    with pytest.raises(TemplateError, match="1 answer cannot be used"):
        resolve(DOCUMENT, {"company": "  "})
