"""Connectors of the instances that `server.rs` provisions."""

import os

import pytest

import people

URL = os.environ['KOPPELTAAL_TEST_URL']
PASSWORD = os.environ['KOPPELTAAL_TEST_PASSWORD']
DOMAIN = os.environ['KOPPELTAAL_TEST_DOMAIN']


@pytest.fixture
def portal():
    """Sends; is told of nothing."""
    made = people.connect(URL, 'portal', PASSWORD, DOMAIN)
    yield made
    made.close()


@pytest.fixture
def game():
    """Receives everything, what it sends itself too; its mailbox is empty."""
    made = people.connect(URL, 'game', PASSWORD, DOMAIN, 'https://game.example/fhir')
    for update in made.updates():
        with update:
            pass
    yield made
    made.close()
