"""The Koppeltaal 2.0 SDK of PyPI, unmodified, with configured URLs. It does what its
first argument says and prints what came of it as JSON:

backend    reads the smart configuration, gets a token, verifies it
authorize  makes the URL to which a module sends the browser for a launch
redeem     redeems the code of a launch
"""

import asyncio
import json
import os
import sys
import urllib.request

import jwt
from kt2.client import KoppeltaalSDK
from kt2.errors import GetAccessTokenError
from kt2.settings import JWKSKeyPair

BASE = os.environ['KT2_BASE']
FOLDER = os.environ['KT2_FOLDER']
REDIRECT_URI = os.environ['KT2_REDIRECT_URI']
VERIFIER = 'a-code-verifier-that-is-long-enough-for-RFC-7636'
# Configured, as the README of the SDK shows it: with a slash at the end.
FHIR_URL = f'{BASE}/fhir/r4/'


def write(name, text):
    path = os.path.join(FOLDER, name)
    with open(path, 'w') as file:
        file.write(text)
    return path


def client():
    with open(os.environ['KEYS']) as file:
        keys = json.load(file)['sdk']
    jwks_url = f'{BASE}/.well-known/jwks.json'
    # What an administrator copies into the configuration.
    with urllib.request.urlopen(jwks_url) as answer:
        published = json.load(answer)['keys']
    pair = JWKSKeyPair(
        private_key_path=write('sdk-private.pem', keys['private_pem']),
        public_key_path=write('sdk-public.pem', keys['public_pem']),
        kid=keys['RS512']['kid'])
    return KoppeltaalSDK(
        client_name='test',
        fhir_url=FHIR_URL,
        oauth_token_url=f'{BASE}/oauth2/token',
        oauth_authorize_url=f'{BASE}/oauth2/authorize',
        oauth_introspection_token_url=f'{BASE}/oauth2/token/introspection',
        jwks_url=jwks_url,
        jwks_kid=published[0]['kid'],
        domain=BASE,
        client_id=os.environ['KT2_CLIENT_ID'],
        smart_config_url=f'{FHIR_URL}.well-known/smart-configuration',
        jwks_keys=pair)


async def backend():
    sdk = client()
    configuration = await sdk.get_info()
    token = await sdk.get_access_token()
    report = {
        'configuration': configuration,
        'token': {name: value for name, value in token.items() if name != 'signing_key'},
    }
    if 'access_token' in token:
        # It verifies the signature, exp, nbf and iat, with no leeway.
        report['verified'] = token.bearer_token.startswith('Bearer ')
        report['claims'] = jwt.decode(
            token['access_token'], sdk.signing_key.key, algorithms=['RS512'],
            audience='fhir-server', issuer=BASE)
    return report


async def authorize():
    url = client().get_authorization_url(
        redirect_uri=REDIRECT_URI, iss=f'{BASE}/fhir/r4', launch=os.environ['KT2_LAUNCH'],
        state='state-of-the-sdk', code_verifier=VERIFIER)
    return {'url': url}


async def redeem():
    try:
        token = await client().get_soph_access_token(
            redirect_uri=REDIRECT_URI, code_verifier=VERIFIER, code=os.environ['KT2_CODE'])
    except GetAccessTokenError as refused:
        return {'refused': refused.args[0]}
    return {'token': token.dict()}


WORK = {'backend': backend, 'authorize': authorize, 'redeem': redeem}
print(json.dumps(asyncio.run(WORK[sys.argv[1]]())))
