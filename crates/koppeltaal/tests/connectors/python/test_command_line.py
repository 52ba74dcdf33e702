"""The command line `koppeltaal` of the package, with its own configuration file."""

import json
import os
import subprocess
import sys
import time

import pytest

import people
from conftest import DOMAIN, PASSWORD, URL

PROGRAM = os.path.join(os.path.dirname(sys.executable), 'koppeltaal')


@pytest.fixture
def run(tmp_path):
    (tmp_path / '.koppeltaal.cfg').write_text(
        '[test]\nurl = {}\nusername = game\npassword = {}\ndomain = {}\n'.format(
            URL, PASSWORD, DOMAIN))

    def run(*arguments):
        environment = dict(os.environ, HOME=str(tmp_path), PYTHONWARNINGS='ignore')
        done = subprocess.run(
            [PROGRAM, 'test', *arguments], env=environment, cwd=tmp_path, timeout=60,
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
    return run


def statuses(game, patient=None):
    return [header.status.status for header in game.search(patient=patient)]


def until(what, expected):
    """Claims last two seconds in this domain."""
    deadline = time.monotonic() + 20
    while what() != expected:
        assert time.monotonic() < deadline, (what(), expected)
        time.sleep(0.1)


def send_plans(portal, count):
    patient = people.patient()
    for _ in range(count):
        portal.send('CreateOrUpdateCarePlan', people.care_plan(patient), patient)
    return patient


def test_metadata(run):
    shown = json.loads(run('metadata'))
    assert shown['name'] == 'Koppeltaal'
    assert shown['fhirVersion'] == '0.0.82'




def test_activities(run, game):
    game.send_activity(people.definition('cli-activity', 'Slaapmodule'))
    shown = run('activities')
    assert 'Activity: cli-activity' in shown
    assert '- fhir link: {}/FHIR/Koppeltaal/Other/ActivityDefinition:'.format(URL) in shown
    assert '- kind: Game' in shown
    assert '- archived: False' in shown


def test_messages_with_every_filter(run, portal, game):
    patient = send_plans(portal, 3)
    other = people.patient()
    portal.send('CreateOrUpdatePatient', other, other)

    def count(*filters):
        return run('messages', *filters).count('Message: ')
    link = patient.fhir_link
    assert count('--patient', link) == 3
    assert count('--patient', other.fhir_link) == 1
    assert count('--patient', 'https://app.example/fhir/Patient/nobody') == 0
    assert count('--patient', link, '--event', 'CreateOrUpdateCarePlan') == 3
    assert count('--patient', link, '--event', 'CreateOrUpdatePatient') == 0
    assert count('--patient', link, '--status', 'New') == 3
    assert count('--patient', link, '--status', 'Success') == 0
    assert count('--patient', link, '--batch-size', '1') == 3
    assert count('--patient', link, '--batch-size', '1', '--batch-count', '2') == 2
    shown = run('messages', '--patient', link, '--batch-size', '2', '--batch-count', '1')
    assert shown.count('- event: CreateOrUpdateCarePlan') == 2
    assert '- endpoint: {}'.format(people.APPLICATION) in shown


def test_messages_are_saved(run, portal, game, tmp_path):
    patient = send_plans(portal, 2)
    (tmp_path / 'saved').mkdir()
    shown = run('messages', '--patient', patient.fhir_link, '--save-in-dir', 'saved')
    assert shown.count('Wrote message') == 2
    files = sorted((tmp_path / 'saved' / DOMAIN).iterdir())
    assert len(files) == 2
    for file in files:
        entries = json.loads(file.read_text())['entry']
        types = [entry['content']['resourceType'] for entry in entries]
        assert sorted(types) == ['CarePlan', 'MessageHeader', 'Patient']


def test_a_message_by_number_and_by_url(run, portal, game, tmp_path):
    patient = send_plans(portal, 1)
    header, = game.search(patient=patient)
    unversioned = header.fhir_link.split('/_history/')[0]
    number = unversioned.rsplit('/', 1)[1]
    for name in [number, unversioned, header.fhir_link, header.identifier]:
        shown = run('message', name)
        assert 'Message: {}'.format(header.identifier) in shown, name
        assert 'CarePlan:\n- fhir link: ' in shown
        assert 'Patient: ' in shown
    assert run('message', '1').strip() == ''
    (tmp_path / 'one').mkdir()
    assert 'Wrote message "{}"'.format(number) in run('message', number, '--save-in-dir', 'one')
    assert statuses(game, patient) == ['New']


def test_updates_handles_one_and_the_next_lapses_back_to_new(run, portal, game):
    patient = send_plans(portal, 3)
    assert run('updates').count('CarePlan:') == 1
    # It asked for the second, and left it.
    until(lambda: statuses(game, patient), ['Success', 'New', 'New'])
    assert run('updates').count('CarePlan:') == 1
    until(lambda: statuses(game, patient), ['Success', 'Success', 'New'])


def test_updates_of_all(run, portal, game):
    patient = send_plans(portal, 3)
    assert run('updates', '--all').count('CarePlan:') == 3
    assert statuses(game, patient) == ['Success'] * 3
    assert run('updates', '--all') == ''


def test_updates_that_fail(run, portal, game):
    patient = send_plans(portal, 2)
    run('updates', '--all', '--failure', 'it did not work')
    headers = list(game.search(patient=patient))
    assert [header.status.status for header in headers] == ['Failed'] * 2
    assert headers[0].status.exception == 'it did not work'


def test_updates_until_a_date(run, portal, game):
    patient = send_plans(portal, 2)
    assert run('updates', '--until', '2020-01-01T00:00:00+00:00') == ''
    until(lambda: statuses(game, patient), ['New', 'New'])
    assert run('updates', '--until', '2100-01-01T00:00:00+00:00').count('CarePlan:') == 2
    assert statuses(game, patient) == ['Success'] * 2
