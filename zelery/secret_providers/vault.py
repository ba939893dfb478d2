"""Secrets of HashiCorp Vault (or OpenBao): a KV engine of version 1 or 2, by `hvac`.

Vault's own environment variables say where it is and how to log in: a token, an AppRole, or the service account of a
Kubernetes pod; without any of them requests go without a token, as Vault's proxy likes them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import hvac
import requests
from hvac.exceptions import Forbidden, InvalidPath, RateLimitExceeded, Unauthorized, VaultDown, VaultError

from zelery.errors import SettingError
from zelery.secret_providers.entries import entry, text
from zelery.secret_providers.threads import Threads
from zelery.secrets import Place, SecretError, composed
from zelery.settings import Settings, mask_url

#: Which key of an entry is the secret, where each has an entry of its own.
KEY = "value"
#: Seconds after a login in which a refusal is believed. Without it, each job that names a secret which the policy does
#: not allow would log in again, and every login leaves a token in Vault.
LOGIN_PAUSE_S = 60.0
#: A login is renewed when this part of its lease is over.
LEASE_USED = 0.9

#: What went wrong and what to do, by what hvac raises, the most specific first.
_FAULTS: Sequence[tuple[type[Exception], str, str]] = (
    (InvalidPath, "has no such KV engine", "check ZELERY_VAULT_MOUNT and ZELERY_VAULT_KV_VERSION"),
    (Forbidden, "refuses access", "see that the token is valid and that its policy allows to read this path"),
    (Unauthorized, "refuses access", "see that the token is valid"),
    (VaultDown, "is sealed or in maintenance", "unseal it"),
    (RateLimitExceeded, "limits how often it is asked", "raise its quota, or ZELERY_SECRET_CACHE_S"),
    (VaultError, "answers with an error", "Vault's own log says why"),
    (requests.exceptions.SSLError, "has no certificate that is trusted", "check VAULT_CACERT and VAULT_ADDR"),
    (requests.RequestException, "cannot be reached", "see that it is up, and check VAULT_ADDR"),
    (Exception, "gives an answer that is not Vault's", "check VAULT_ADDR"),
)

#: Logs a client in; it holds the new token then. Gives Vault's answer.
Login = Callable[[hvac.Client], Any]


class Session:
    """A client that is logged in while its token lasts. Called in threads."""

    def __init__(self, client: hvac.Client, login: Login | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._login = login
        self._clock = clock
        self._lock = threading.Lock()
        self._since = self._until = float("-inf")

    def read(self, read: Callable[[hvac.Client], Any]) -> Any:
        """What Vault answers; after a refusal once more with a new token, as the old one may have been revoked."""
        token = self._token()
        try:
            return read(self._client)
        except (Forbidden, Unauthorized):
            if self._token(refused=token) == token:
                raise
        return read(self._client)

    def _token(self, refused: str | None = None) -> str:
        if self._login is None:
            return self._client.token
        with self._lock:
            now = self._clock()
            revoked = self._client.token == refused and now >= self._since + LOGIN_PAUSE_S
            if now >= self._until or revoked:
                lease_s = self._login(self._client)["auth"]["lease_duration"]
                # A token that never ends has a lease of 0.
                self._since, self._until = now, now + lease_s * LEASE_USED if lease_s else float("inf")
            return self._client.token


class Vault:
    """One KV engine of a Vault."""

    def __init__(self, settings: Settings, session: Session, threads: Threads) -> None:
        self._session = session
        self._threads = threads
        self._mount = settings.vault_mount.strip("/")
        self._version = settings.vault_version
        self._path = settings.vault_path.strip("/")
        self._composed = composed(settings)

    async def find(self, name: str, place: Place) -> str | None:
        """The value of a secret. Raises SecretError when Vault does not say."""
        where = entry(self._path, self._composed(name, place))
        if where is None:
            return None
        values = await self._threads.call(partial(self._values, where.path))
        return None if values is None else text(values, where.key or KEY)

    def _values(self, path: str) -> Mapping[str, Any] | None:
        """All keys of an entry; None when there is no entry."""
        fault: Exception
        try:
            return self._read(path)
        except InvalidPath as error:
            if not _is_about_the_engine(error):
                return None
            fault = error
        except (VaultError, requests.RequestException, KeyError, TypeError, ValueError) as error:
            fault = error
        what, remedy = next(words for kind, *words in _FAULTS if isinstance(fault, kind))
        raise SecretError(f"{self._threads.store} {what} ({type(fault).__name__}) for {self._mount}/{path}: {remedy}")

    def _read(self, path: str) -> Mapping[str, Any] | None:
        if self._version == 1:
            answer = self._session.read(lambda c: c.secrets.kv.v1.read_secret(path, mount_point=self._mount))
            values = answer["data"]
        else:
            answer = self._session.read(
                lambda c: c.secrets.kv.v2.read_secret_version(
                    path, mount_point=self._mount, raise_on_deleted_version=True
                )
            )
            values = answer["data"]["data"]
        if values is not None and not isinstance(values, dict):
            raise TypeError(type(values).__name__)
        return values


def _is_about_the_engine(error: InvalidPath) -> bool:
    """An entry that is not there is a bare 404; one with words is about its mount."""
    told = error.json if isinstance(error.json, dict) else {"errors": [error.text]}
    return bool(told.get("errors") or told.get("warnings"))


def login(settings: Settings, vault: str) -> Login | None:
    """How to log in; None when a token is given, or nothing is.

    Raises SettingError when there is more than one way.
    """
    ways = {
        "VAULT_TOKEN": settings.vault_token,
        "VAULT_ROLE_ID": settings.vault_role_id,
        "ZELERY_VAULT_KUBERNETES_ROLE": settings.vault_kubernetes_role,
    }
    given = [name for name, value in ways.items() if value]
    if len(given) > 1:
        raise SettingError(f"{' and '.join(given)} are set: Vault takes one login, so unset all but one")
    if settings.vault_role_id:
        way = partial(_app_role, settings, settings.vault_role_id, settings.vault_login_mount or "approle")
        return partial(_logged_in, way, f"{vault} refuses the login: check VAULT_ROLE_ID, VAULT_SECRET_ID and")
    if settings.vault_kubernetes_role:
        way = partial(_pod, settings, settings.vault_kubernetes_role, settings.vault_login_mount or "kubernetes")
        return partial(_logged_in, way, f"{vault} refuses the login: check ZELERY_VAULT_KUBERNETES_ROLE and")
    return None


def _logged_in(way: Login, fault: str, client: hvac.Client) -> Any:
    try:
        return way(client)
    except (VaultDown, RateLimitExceeded):
        raise
    except VaultError as error:
        raise SecretError(f"{fault} ZELERY_VAULT_LOGIN_MOUNT ({type(error).__name__})") from None


def _app_role(settings: Settings, role: str, mount: str, client: hvac.Client) -> Any:
    secret = settings.vault_secret_id.get_secret_value() if settings.vault_secret_id else None
    return client.auth.approle.login(role, secret, mount_point=mount)


def _pod(settings: Settings, role: str, mount: str, client: hvac.Client) -> Any:
    file = Path(settings.vault_kubernetes_token_file)
    try:
        token = file.read_text().strip()
    except OSError as error:
        raise SecretError(
            f"the service account's token cannot be read from {file} ({error.strerror}): "
            "set ZELERY_VAULT_KUBERNETES_TOKEN_FILE"
        ) from None
    return client.auth.kubernetes.login(role, token, mount_point=mount)


@asynccontextmanager
async def vault(settings: Settings) -> AsyncIterator[Vault]:
    """The provider `vault`. Nothing is asked here: a Vault that is down must not keep a worker from starting.

    Raises SettingError when the settings cannot work.
    """
    address = _address(settings)
    store = f"Vault at {mask_url(address)}"
    client = hvac.Client(
        url=address,
        # An empty token is none: were it absent, hvac would take what somebody's `vault login` left in the home.
        token=settings.vault_token.get_secret_value().strip() if settings.vault_token else "",
        namespace=settings.vault_namespace,
        verify=settings.vault_ca_file,
        timeout=settings.secret_timeout_s,  # type: ignore[arg-type]  # requests takes parts of a second
    )
    with Threads.open(store, settings.secret_timeout_s) as threads:
        try:
            yield Vault(settings, Session(client, login(settings, store)), threads)
        finally:
            client.adapter.close()


def _address(settings: Settings) -> str:
    address, ca_file = settings.vault_address, settings.vault_ca_file
    if not address:
        raise SettingError("VAULT_ADDR is not set; the secret provider vault needs it, like https://vault:8200")
    if not address.startswith(("http://", "https://")):
        raise SettingError(f"VAULT_ADDR={mask_url(address)!r}: must be a URL, like https://vault:8200")
    if ca_file and not Path(ca_file).is_file():
        raise SettingError(f"VAULT_CACERT={ca_file!r}: there is no such file")
    return address
