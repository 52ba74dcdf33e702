"""A plugin of pytest that lets the package's own live test-suite run against our
server: its fixtures, and the host name that one of its assertions contains."""

import os
import socket

import pytest

import people

HOST = 'edgekoppeltaal.vhscloud.nl'
PORT = int(os.environ['KOPPELTAAL_TEST_PORT'])

# These start a browser, and need a game that runs in it.
NEED_BROWSER = {
    'test_launch_patient',
    'test_launch_practitioner',
}

resolve = socket.getaddrinfo


def getaddrinfo(host, port, *arguments, **named):
    """What a line in the hosts file and a privileged port would do."""
    if host == HOST:
        host, port = '127.0.0.1', PORT
    return resolve(host, port, *arguments, **named)


socket.getaddrinfo = getaddrinfo


def pytest_collection_modifyitems(config, items):
    left_out = [item for item in items if item.name in NEED_BROWSER]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def connector():
    made = people.connect(
        'https://' + HOST, 'game', os.environ['KOPPELTAAL_TEST_PASSWORD'],
        os.environ['KOPPELTAAL_TEST_DOMAIN'])
    # What its configuration file would say of the client that is launched.
    made._credentials.options['oauth_secret'] = 'oauth:s3cret'
    yield made
    made.close()


@pytest.fixture
def patient():
    return people.patient()


@pytest.fixture
def practitioner():
    return people.practitioner()


@pytest.fixture
def related_person(patient):
    return people.related_person(patient)


@pytest.fixture
def careplan(patient, practitioner):
    return people.care_plan(patient, practitioner)
