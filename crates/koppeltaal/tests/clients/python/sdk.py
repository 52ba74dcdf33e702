"""The Koppeltaal 2.0 SDK of PyPI, unmodified: all that it does with resources. Runs in the
folder with its key. Prints a line of JSON for each step, among what the SDK prints."""

import asyncio
import copy
import json
import os
import sys
import traceback
import urllib.request

from kt2.client import KoppeltaalSDK
from kt2.models import KT2ActivityDefinition, KT2AuditEvent, KT2Endpoint, KT2Subscription, KT2Task
from kt2.settings import JWKSKeyPair

BASE = os.environ['KT2_BASE']
CLIENT = os.environ['KT2_CLIENT_ID']
BODIES = json.loads(os.environ['BODIES'])
STORED = json.loads(os.environ['STORED'])
for made in [*STORED['patients'], STORED['practitioner'], STORED['team']]:
    made['meta'].pop('lastUpdated')
# Configured, as the README of the SDK shows it: with a slash at the end.
FHIR_URL = f'{BASE}/fhir/r4/'
failed = False


def client():
    jwks_url = f'{BASE}/.well-known/jwks.json'
    with urllib.request.urlopen(jwks_url) as answer:
        published = json.load(answer)['keys']
    return KoppeltaalSDK(
        client_name='test',
        fhir_url=FHIR_URL,
        oauth_token_url=f'{BASE}/oauth2/token',
        oauth_authorize_url=f'{BASE}/oauth2/authorize',
        jwks_url=jwks_url,
        jwks_kid=published[0]['kid'],
        domain=BASE,
        client_id=CLIENT,
        smart_config_url=f'{FHIR_URL}.well-known/smart-configuration',
        jwks_keys=JWKSKeyPair(
            private_key_path='private.pem', public_key_path='public.pem',
            kid=os.environ['KT2_KID']))


async def step(name, work):
    global failed
    line = {'step': name, 'ok': True, 'detail': ''}
    made = None
    try:
        made = await work()
    except Exception:
        failed = True
        line.update(ok=False, detail=traceback.format_exc(limit=-4))
    print(json.dumps(line), flush=True)
    return made


def same(found, expected):
    assert found == expected, f'{found!r} instead of {expected!r}'


def stored(resource):
    """What the server gave, but for the time, which pydantic writes in its own way."""
    body = json.loads(resource.json())
    body['meta'].pop('lastUpdated')
    return body


def reference(resource):
    return f'{resource.resource_type}/{resource.id}'


async def patients(sdk):
    found = await sdk.get_patients()
    same(len(found), len(STORED['patients']))
    # The newest comes first, and no page loses or repeats one.
    newest_first = [patient['id'] for patient in reversed(STORED['patients'])]
    same([patient.id for patient in found], newest_first)
    one = await sdk.get_patient(found[0].id)
    same(stored(one), STORED['patients'][-1])
    same(one.first_name, 'Zoë')


async def others(sdk):
    for listed, got, body in [
            (sdk.get_practitioners, sdk.get_practitioner, STORED['practitioner']),
            (sdk.get_careteams, sdk.get_careteam, STORED['team'])]:
        same([resource.id for resource in await listed()], [body['id']])
        same(stored(await got(body['id'])), body)
    devices = [device.id for device in await sdk.get_devices()]
    assert CLIENT in devices, devices


async def endpoint(sdk):
    same(await sdk.get_endpoints(), [])
    made = await sdk.create_endpoint(KT2Endpoint(**BODIES['endpoint']))
    same((await sdk.get_endpoint(made.id)).json(), made.json())
    same([found.id for found in await sdk.get_endpoints()], [made.id])
    same(made.meta.versionId, '1')
    return made


async def activity(sdk, endpoint):
    body = copy.deepcopy(BODIES['activity'])
    body['extension'][0]['valueReference']['reference'] = reference(endpoint)
    made = await sdk.create_activitydefinition(KT2ActivityDefinition(**body))
    same(made.title, body['title'])
    made.title = 'Nog beter slapen'
    changed = await sdk.update_activitydefinition(made)
    same((changed.title, changed.meta.versionId), ('Nog beter slapen', '2'))
    same((await sdk.get_activitydefinition(made.id)).json(), changed.json())
    same([found.id for found in await sdk.get_activitydefinitions()], [made.id])
    return changed


async def stale(sdk, definition):
    old = definition.copy(deep=True)
    old.meta.versionId = '1'
    old.title = 'Te laat'
    # It logs the OperationOutcome of a refusal and gives nothing.
    same(await sdk.update_activitydefinition(old), None)
    same((await sdk.get_activitydefinition(definition.id)).title, definition.title)


async def task(sdk, definition):
    body = copy.deepcopy(BODIES['task'])
    body['extension'][0]['valueReference']['reference'] = reference(definition)
    body['for']['reference'] = f"Patient/{STORED['patients'][0]['id']}"
    body['owner']['reference'] = f"Practitioner/{STORED['practitioner']['id']}"
    same(await sdk.get_tasks(), [])
    made = await sdk.create_task(KT2Task(**body))
    same(made.for_fhir.reference, body['for']['reference'])
    made.status = 'in-progress'
    changed = await sdk.update_task(made)
    same((changed.status, changed.meta.versionId), ('in-progress', '2'))
    same((await sdk.get_task(made.id)).json(), changed.json())
    same([found.id for found in await sdk.get_tasks()], [made.id])
    return changed


async def subscription(sdk):
    made = await sdk.subscribe(KT2Subscription(**BODIES['subscription']))
    same((made.status, made.meta.versionId), ('active', '1'))
    same([found.id for found in await sdk.get_subscriptions()], [made.id])


async def audit(sdk):
    device = {'reference': f'Device/{CLIENT}', 'type': 'Device'}
    made = await sdk.create_audit_event(KT2AuditEvent(**{
        'meta': {'profile': ['http://koppeltaal.nl/fhir/StructureDefinition/KT2AuditEvent']},
        'type': {'system': 'http://dicom.nema.org/resources/ontology/DCM', 'code': '110100',
                 'display': 'Application Activity'},
        'subtype': [{'system': 'http://dicom.nema.org/resources/ontology/DCM', 'code': '110120',
                     'display': 'Application Start'}],
        'action': 'E', 'recorded': '2026-05-01T12:00:00+02:00', 'outcome': '0',
        'agent': [{'type': {'coding': [{'system': 'http://dicom.nema.org/resources/ontology/DCM',
                                        'code': '110150', 'display': 'Application'}]},
                   'who': device, 'requestor': True}],
        'source': {'site': 'demo', 'observer': device},
        'entity': [{'what': device}],
    }))
    found = [event.id for event in await sdk.get_audit_events()]
    assert made.id in found, found


async def refused(sdk):
    body = copy.deepcopy(BODIES['task'])
    body['for']['reference'] = 'Patient/nobody'
    same(await sdk.create_task(KT2Task(**body)), None)


async def delete(sdk, endpoint, definition, task):
    # The task refers to it.
    same(await sdk.delete_activitydefinition(definition.id), None)
    same((await sdk.get_activitydefinition(definition.id)).id, definition.id)
    body = copy.deepcopy(BODIES['activity'])
    body['extension'][0]['valueReference']['reference'] = reference(endpoint)
    other = await sdk.create_activitydefinition(KT2ActivityDefinition(**body))
    same(await sdk.delete_activitydefinition(other.id), None)
    same(await sdk.get_activitydefinition(other.id), None)
    same([found.id for found in await sdk.get_activitydefinitions()], [definition.id])
    same([found.id for found in await sdk.get_tasks()], [task.id])


async def main():
    sdk = client()
    await step('info', sdk.get_info)
    await step('list and get of patients, in pages', lambda: patients(sdk))
    await step('list and get of what others made', lambda: others(sdk))
    made = await step('create, get and list of an Endpoint', lambda: endpoint(sdk))
    definition = await step(
        'create, update, get, list of an ActivityDefinition', lambda: activity(sdk, made))
    await step('a stale update changes nothing', lambda: stale(sdk, definition))
    mine = await step('create, update, get, list of a Task', lambda: task(sdk, definition))
    await step('create and list of a Subscription', lambda: subscription(sdk))
    await step('create and list of AuditEvents', lambda: audit(sdk))
    await step('what is not valid gives nothing', lambda: refused(sdk))
    await step('delete of an ActivityDefinition', lambda: delete(sdk, made, definition, mine))
    await step('another client sees the same', lambda: patients(client()))


asyncio.run(main())
sys.exit(failed)
