"""The Connector API of the package, as an application uses it."""

import time

import pytest
from koppeltaal import definitions, interfaces, models, utils

import people
from conftest import DOMAIN, PASSWORD, URL

NO_VERSION = 'No version specified for the focal resource, message is rejected.'
WRONG_VERSION = 'The specified resource version is not correct'


def status(game, message):
    header, *_ = game.search(message_id=message.fhir_link)
    return header.status


def unversioned(link):
    return utils.strip_history_from_link(link)


def activity_status(of):
    return models.ActivityStatus(
        identifier=of.activities[0].identifier, status='Completed', percentage=100,
        subactivities=[models.SubActivity(definition='part-1', status='Completed')])


def test_every_kind_of_model_is_sent_and_arrives(portal, game):
    patient, practitioner = people.patient(), people.practitioner()
    relative = people.related_person(patient)
    plan = people.care_plan(patient, practitioner)
    sent = [
        ('CreateOrUpdatePatient', patient, definitions.Patient),
        ('CreateOrUpdatePractitioner', practitioner, definitions.Practitioner),
        ('CreateOrUpdateRelatedPerson', relative, definitions.RelatedPerson),
        ('CreateOrUpdateCarePlan', plan, definitions.CarePlan),
        ('UpdateCarePlanActivityStatus', activity_status(plan), definitions.CarePlanActivityStatus),
    ]
    for event, model, _ in sent:
        answer = portal.send(event, model, patient)
        assert unversioned(answer[0].fhir_link) == unversioned(model.fhir_link)
        assert '/_history/' in answer[0].fhir_link
        for reference in answer:
            if unversioned(reference.fhir_link) == unversioned(patient.fhir_link):
                patient.fhir_link = reference.fhir_link
    received = []
    for update in game.updates():
        with update:
            received.append(update)
    assert [update.message.event for update in received] == [event for event, _, _ in sent]
    for update, (_, _, definition) in zip(received, sent):
        assert definition.providedBy(update.data)
        assert unversioned(update.patient.fhir_link) == unversioned(patient.fhir_link)

    arrived = received[0].data
    assert arrived.name[0].given == ['Robin'] and arrived.name[0].family == ['de Vries']
    assert (arrived.age, arrived.active, arrived.gender) == (33, True, 'F')
    assert arrived.address[0].line == ['Straat 1']
    assert arrived.identifiers[0].value == '42'
    assert received[1].data.organization.name == 'Team Oost'
    assert received[2].data.relationship == 'FTH'
    arrived = received[3].data
    assert arrived.participants[0].member.name.family == ['Jansen']
    assert arrived.participants[0].careteam[0].name == 'Team Oost'
    assert arrived.activities[0].subactivities[0].definition == 'part-1'
    assert arrived.goals[0].notes == 'Calm'
    assert arrived.patient is not None
    assert received[4].data.percentage == 100


def test_an_update_that_ends_well_is_a_success(portal, game):
    patient = people.patient()
    portal.send('CreateOrUpdatePatient', patient, patient)
    update, = game.updates()
    assert status(game, update.message).status == 'Claimed'
    with update:
        pass
    assert status(game, update.message).status == 'Success'
    assert list(game.updates()) == []


def test_an_update_fails_with_a_reason(portal, game):
    patient = people.patient()
    portal.send('CreateOrUpdatePatient', patient, patient)
    update = next(game.updates())
    with update:
        update.fail('no such patient here')
    now = status(game, update.message)
    assert (now.status, now.exception) == ('Failed', 'no such patient here')
    assert list(game.updates()) == []


def test_an_exception_puts_the_message_back(portal, game):
    patient = people.patient()
    portal.send('CreateOrUpdatePatient', patient, patient)
    update = next(game.updates())
    with pytest.raises(ZeroDivisionError):
        with update:
            1 / 0
    assert status(game, update.message).status == 'New'
    again = next(game.updates())
    assert again.message.identifier == update.message.identifier
    with again:
        pass


def test_a_postponed_message_comes_back_by_itself(portal, game):
    patient = people.patient()
    portal.send('CreateOrUpdatePatient', patient, patient)
    update = next(game.updates())
    with update:
        update.postpone()
    assert status(game, update.message).status == 'Claimed'
    deadline = time.monotonic() + 20
    while status(game, update.message).status != 'New':
        assert time.monotonic() < deadline
        time.sleep(0.1)
    with next(game.updates()) as _:
        pass


def test_updates_of_one_patient_and_of_one_event(portal, game):
    one, two = people.patient(), people.patient()
    for patient in (one, two):
        portal.send('CreateOrUpdatePatient', patient, patient)
    portal.send('CreateOrUpdateCarePlan', people.care_plan(two), None)
    found = list(game.updates(patient=two.fhir_link, event='CreateOrUpdatePatient'))
    assert [unversioned(u.patient.fhir_link) for u in found] == [unversioned(two.fhir_link)]
    found += list(game.updates(event='CreateOrUpdateCarePlan'))
    assert len(found) == 2
    found += list(game.updates())
    assert len(found) == 3
    for update in found:
        with update:
            pass


def test_own_messages_are_acknowledged_unseen(game):
    patient = people.patient()
    game.send('CreateOrUpdatePatient', patient, patient)
    header, = game.search(patient=patient)
    assert header.status.status == 'New'
    assert list(game.updates()) == []
    assert status(game, header).status == 'Success'


def test_unexpected_events_are_failed(portal, game):
    patient = people.patient()
    portal.send('CreateOrUpdatePatient', patient, patient)
    assert list(game.updates(expected_events=['CreateOrUpdateCarePlan'])) == []
    header, = game.search(patient=patient)
    assert (header.status.status, header.status.exception) == ('Failed', 'Event not expected')


def test_search_by_status_event_and_patient(portal, game):
    patient = people.patient()
    portal.send('CreateOrUpdatePatient', patient, patient)
    portal.send('CreateOrUpdateCarePlan', people.care_plan(patient), None)

    def events(**filters):
        return [header.event for header in game.search(patient=patient, **filters)]
    # The care plan is about its patient, also when the header does not say so.
    assert events() == ['CreateOrUpdatePatient', 'CreateOrUpdateCarePlan']
    assert events(event='CreateOrUpdateCarePlan') == ['CreateOrUpdateCarePlan']
    assert events(event='CreateOrUpdateUserMessage') == []
    assert events(status='New') == ['CreateOrUpdatePatient', 'CreateOrUpdateCarePlan']
    assert events(status='Failed') == []


def test_pages_are_followed(portal, game):
    patient = people.patient()
    for _ in range(105):
        portal.send('CreateOrUpdateCarePlan', people.care_plan(patient), patient)
    headers = list(game.search(patient=patient))
    assert len({header.identifier for header in headers}) == 105
    assert len(list(game.search(patient=patient, batch_size=10))) == 105
    assert len(list(game.search(patient=patient, batch_size=10, batch_count=3))) == 30


def test_refusals_say_why(portal):
    patient = people.patient()
    first = portal.send('CreateOrUpdatePatient', patient, patient)[0].fhir_link

    def refused(event, data, about=None):
        with pytest.raises(interfaces.OperationOutcomeError) as info:
            portal.send(event, data, about)
        issue, = info.value.outcome.issue
        return issue
    issue = refused('CreateOrUpdatePatient', patient, patient)
    assert issue.details == NO_VERSION
    patient.fhir_link = first
    portal.send('CreateOrUpdatePatient', patient, patient)
    issue = refused('CreateOrUpdatePatient', patient, patient)
    assert issue.details == WRONG_VERSION
    assert issue.type == 'conflict'
    assert issue.resource.fhir_link == unversioned(first)
    assert WRONG_VERSION in str(interfaces.OperationOutcomeError(
        models.OperationOutcome(issue=[issue])))


def test_a_foreign_domain_and_wrong_passwords_are_refused():
    patient = people.patient()
    stranger = people.connect(URL, 'portal', PASSWORD, 'Elsewhere')
    with pytest.raises(interfaces.OperationOutcomeError) as info:
        stranger.send('CreateOrUpdatePatient', patient, patient)
    assert info.value.outcome.issue[0].details == (
        'The domain tag of the message is not the domain of these credentials.')
    guest = people.connect(URL, 'portal', 'wrong', DOMAIN)
    with pytest.raises(interfaces.OperationOutcomeError) as info:
        guest.send('CreateOrUpdatePatient', patient, patient)
    assert info.value.outcome.issue[0].severity in ('error', 'fatal')
    with pytest.raises(interfaces.ResponseError):
        list(guest.search())


def test_activity_definitions_are_published_changed_and_archived(game, portal):
    identifier = utils.uniqueid()
    assert game.activity(identifier) is None
    sent = game.send_activity(people.definition(identifier, 'whatever is written here'))
    first = sent.fhir_link
    assert first.startswith('{}/FHIR/Koppeltaal/Other/ActivityDefinition:'.format(URL))
    found = portal.activity(identifier)
    assert found.fhir_link == first
    assert found.application.display == 'Slaapmodule'
    assert (found.name, found.kind, found.launch_type) == ('Sleep well', 'Game', 'Web')
    assert [part.identifier for part in found.subactivities] == ['part-1']

    sent.name = 'Sleep better'
    sent.subactivities = []
    game.send_activity(sent)
    assert sent.fhir_link > first
    found = portal.activity(identifier)
    assert (found.name, found.subactivities) == ('Sleep better', [])

    sent.fhir_link, newest = first, sent.fhir_link
    with pytest.raises(interfaces.ResponseError):
        game.send_activity(sent)
    sent.fhir_link = newest
    with pytest.raises(interfaces.ResponseError):
        portal.send_activity(sent)

    sent.is_active, sent.is_archived = False, True
    game.send_activity(sent)
    assert portal.activity(identifier) is None
    assert portal.activity(identifier, archived=True).is_archived is True
    # Who subscribes is told, and the newest replaces what was not read.
    told = [header.status.status for header in game.search(
        event='CreateOrUpdateActivityDefinition')]
    assert told[-3:] == ['ReplacedByNewVersion', 'ReplacedByNewVersion', 'New']


def test_metadata(portal):
    metadata = portal.metadata()
    assert metadata['fhirVersion'] == '0.0.82'
    assert metadata['messaging'][0]['endpoint'] == '{}/FHIR/Koppeltaal/Mailbox'.format(URL)
