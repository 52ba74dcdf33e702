"""What the tests send, made of the connector's own models."""

import datetime
import uuid

from koppeltaal import connector, models, utils

APPLICATION = 'https://app.example/fhir'


class Integration(connector.Integration):
    """Gives every model an identity that outlives it, as the connector asks."""

    def __init__(self, url=APPLICATION):
        super().__init__(name='Test', url=url, software='Test', version='1')
        self._ids = {}

    def model_id(self, model):
        known, _ = self._ids.setdefault(id(model), (str(uuid.uuid4()), model))
        return known


def connect(url, username, password, domain, endpoint=APPLICATION):
    credentials = utils.Credentials(url, username, password, domain, {})
    return connector.Connector(credentials, Integration(endpoint))


def name(given, family):
    return models.Name(given=[given], family=[family])


def patient():
    return models.Patient(
        active=True,
        address=[models.Address(city='Utrecht', line=['Straat 1'], zip='1234 AB')],
        age=33,
        birth_date=datetime.datetime(1993, 2, 18, 0, 0, 0),
        contacts=[models.Contact(system='email', value='robin@example.com', use='home')],
        gender='F',
        identifiers=[models.Identifier(system='http://example.com/nr', value='42', use='official')],
        name=[name('Robin', 'de Vries')])


def practitioner():
    return models.Practitioner(
        name=name('Sam', 'Jansen'),
        contacts=[models.Contact(system='phone', value='030 1234567', use='work')],
        organization=models.Organization(active=True, category='team', name='Team Oost'))


def related_person(of):
    return models.RelatedPerson(
        patient=of, relationship='FTH', name=name('Kim', 'de Vries'), gender='M')


def care_plan(of, by=None):
    participants = []
    if by is not None:
        team = models.CareTeam(
            identifier=[models.Identifier(system='http://example.com/team', value='7')],
            name='Team Oost', status='active', subject=of,
            period=models.Period(start=utils.now()))
        participants = [models.Participant(member=by, role='Caregiver', careteam=[team])]
    activity = models.Activity(
        identifier=utils.uniqueid(), definition='sleep-well', kind='Game',
        planned=utils.now(), status='Available', notes='Every evening',
        participants=[models.Participant(member=of, role='Requester')],
        subactivities=[models.SubActivity(definition='part-1', status='Waiting')])
    return models.CarePlan(
        patient=of, status='active', participants=participants, activities=[activity],
        goals=[models.Goal(description='Sleep eight hours', status='in progress', notes='Calm')])


def definition(identifier, application):
    return models.ActivityDefinition(
        application=models.ReferredResource(display=application),
        description='A game about sleeping better', identifier=identifier, kind='Game',
        name='Sleep well', performer='Patient',
        subactivities=[models.SubActivityDefinition(
            identifier='part-1', name='Part 1', description='The first part')])
