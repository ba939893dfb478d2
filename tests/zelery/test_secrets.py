from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.roles import PLUGINS
from zelery.errors import ConnectorError, InputError, SettingError
from zelery.model import Job
from zelery.secrets import (
    PASSES_MAX,
    TEXT_MAX,
    Directory,
    Environment,
    Mask,
    Place,
    SecretError,
    Secrets,
    composed,
    open_secrets,
)
from zelery.settings import Settings

PLACE = Place(tenant_id="<default>", process_id="order")

KNOWN = {
    "TOKEN": "t0p",
    "USER": "alice",
    "A": "a-{{secrets.B}}",
    "B": "b-{{secrets.TOKEN}}",
    "BARE": "secrets.TOKEN",
    "LOOP": "<{{secrets.LOOP}}>",
    "QUOTED": 'say "hi"\n',
    "EMPTY": "",
    "MY_DOTTED": "dotted",
}


def plain_name(name: str, place: Place) -> str:
    return name


def environment(variables: Mapping[str, str], prefix: str = "S_") -> Environment:
    return Environment(prefix=prefix, composed=plain_name, variables=variables)


def secrets(known: Mapping[str, str] = KNOWN) -> Secrets:
    return Secrets([environment({f"S_{name}": value for name, value in known.items()})], cache_s=30)


async def replaced(text: str) -> str:
    return await secrets().replace(text, PLACE, Mask())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no names", "no names"),
        ("secrets", "secrets"),  # the word alone
        ("secrets.", "secrets."),
        ("{{secrets.TOKEN}}", "t0p"),
        ("{{ secrets.TOKEN  }}", "t0p"),
        ("{{{secrets.TOKEN}}}", "{t0p}"),
        ("{secrets.TOKEN}", "{t0p}"),  # the bare rule
        ("{{\\tsecrets.TOKEN\\t}}", "{{\\tt0p\\t}}"),  # a tab of the JSON text is no space
        ("mysecrets.TOKEN", "myt0p"),  # no word boundary on the left
        ("secrets.USER,secrets.TOKEN", "alice,t0p"),
        ("secrets.TOKEN_", "t0p_"),
        ("secrets.TOKEN/", "t0p/"),
        ("secrets.my.dotted", "dotted"),
        ("{{secrets.MY-DOTTED}}", "dotted"),
        ("{{secrets.token}}", "t0p"),
        ('"{{secrets.QUOTED}}"', '"say \\"hi\\"\\n"'),
        ("<{{secrets.EMPTY}}>", "<>"),
        ("{{secrets.A}}", "a-{{b-{{secrets.TOKEN}}}}"),  # one braced pass, one bare one
        ("{{secrets.A}} {{secrets.A}}", "a-b-{{t0p}} a-b-{{t0p}}"),  # two placeholders, two passes
        ("{{secrets.LOOP}}", "<{{<{{secrets.LOOP}}>}}>"),
        ("secrets.BARE secrets.USER", "t0p alice"),
    ],
)
async def test_names_become_values_in_as_many_passes_as_there_were_names(text: str, expected: str) -> None:
    assert await replaced(text) == expected


async def test_passes_are_bounded() -> None:
    text = await replaced("{{secrets.LOOP}}" * (PASSES_MAX + 5))
    assert text.count("secrets.LOOP") == PASSES_MAX + 5
    assert text.startswith("<" * PASSES_MAX)


async def test_secrets_that_multiply_are_refused_before_they_fill_the_memory() -> None:
    bomb = {"X": "{{secrets.X}}" * 100}
    with pytest.raises(InputError, match=str(TEXT_MAX)):
        await secrets(bomb).replace("{{secrets.X}}" * PASSES_MAX, PLACE, Mask())


async def test_a_text_full_of_open_braces_is_read_in_reasonable_time() -> None:
    text = '{"a": "' + "{{secretsX" * 20_000 + '"}'
    assert await replaced(text) == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{{secrets.NO_SUCH}}", "NO_SUCH"),
        ("see secrets.txt", "txt"),
        ("secrets.TOKEN.more", "TOKEN.more"),
        ("{{secrets.NO_ONE}} {{secrets.NO_TWO}}", "NO_ONE"),  # the first is told
        ('{"a":"{{secrets.TOKEN"}}', 'TOKEN"'),  # unclosed: it takes the JSON's own end
        ("{{secrets.TOKEN\\n}}", "TOKEN\\n"),
        ("{{secrets.ŻÓŁĆ}}", "ŻÓŁĆ"),
    ],
)
async def test_a_secret_that_nobody_has_is_told_by_its_name(text: str, name: str) -> None:
    with pytest.raises(InputError) as raised:
        await replaced(text)
    assert str(raised.value) == f"Secret with name '{name}' is not available"


async def test_the_error_says_so_when_only_the_variable_without_the_prefix_exists() -> None:
    with pytest.raises(InputError, match=r"HOME exists, but only those with the prefix S_ .* name it S_HOME"):
        await Secrets([environment({"HOME": "/root"})], cache_s=30).find("HOME", PLACE)


async def test_the_error_says_so_when_the_name_has_the_prefix_already() -> None:
    with pytest.raises(InputError, match=r"the prefix S_ is not part of a secret's name; write secrets\.TOKEN"):
        await secrets().find("S_TOKEN", PLACE)


async def test_without_a_prefix_a_variable_is_a_secret() -> None:
    assert await Secrets([environment({"HOME": "/root"}, prefix="")], cache_s=30).find("HOME", PLACE) == "/root"


async def test_placeholders_of_other_systems_in_values_stay_text() -> None:
    assert await secrets({"P": "${PATH}"}).find("P", PLACE) == "${PATH}"


async def test_the_first_provider_that_has_a_secret_gives_it() -> None:
    both = Secrets([environment({"S_A": "first"}), environment({"S_A": "second", "S_B": "b"})], cache_s=30)
    assert [await both.find("A", PLACE), await both.find("B", PLACE)] == ["first", "b"]


async def test_what_a_failing_provider_says_is_shown_to_nobody() -> None:
    class Broken:
        async def find(self, name: str, place: Place) -> str | None:
            raise LookupError("password=hunter2")

    with pytest.raises(ConnectorError, match="Fetching secrets failed in Broken with LookupError") as raised:
        await Secrets([Broken()], cache_s=30).find("A", PLACE)
    assert not isinstance(raised.value, InputError)
    assert "hunter2" not in str(raised.value)


async def test_an_error_that_is_meant_to_be_shown_is_shown() -> None:
    class Sealed:
        async def find(self, name: str, place: Place) -> str | None:
            raise SecretError("the store is sealed: unseal it")

    with pytest.raises(SecretError, match=r"^the store is sealed: unseal it$"):
        await Secrets([Sealed()], cache_s=30).find("A", PLACE)


@dataclasses.dataclass
class Gated:
    """Answers when the gate opens: with a value, or with an error."""

    gate: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    asked: list[str] = dataclasses.field(default_factory=list)
    fails: bool = False

    async def find(self, name: str, place: Place) -> str | None:
        self.asked.append(name)
        await self.gate.wait()
        if self.fails:
            raise SecretError("sealed")
        return name.lower()


async def turns() -> None:
    """Lets every task come as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_those_who_ask_for_one_secret_at_a_time_are_one_question() -> None:
    provider = Gated()
    kept = Secrets([provider], cache_s=0)
    asking = [asyncio.create_task(kept.find(name, PLACE)) for name in "AABA"]
    await turns()
    provider.gate.set()
    assert await asyncio.gather(*asking) == ["a", "a", "b", "a"]
    assert sorted(provider.asked) == ["A", "B"]


async def test_one_who_gives_up_leaves_the_question_to_the_others() -> None:
    provider = Gated()
    kept = Secrets([provider], cache_s=30)
    first, second = (asyncio.create_task(kept.find("A", PLACE)) for _ in "12")
    await turns()
    first.cancel()
    await turns()
    provider.gate.set()
    assert await second == "a"
    assert first.cancelled()


async def test_all_who_ask_get_the_error_and_the_next_asks_again() -> None:
    provider = Gated(fails=True)
    kept = Secrets([provider], cache_s=30)
    asking = [asyncio.create_task(kept.find("A", PLACE)) for _ in "12"]
    await turns()
    provider.gate.set()
    assert [str(error) for error in await asyncio.gather(*asking, return_exceptions=True)] == ["sealed", "sealed"]
    provider.fails = False
    assert await kept.find("A", PLACE) == "a"


@dataclasses.dataclass
class Rotating:
    """Each question has another answer."""

    asked: int = 0

    async def find(self, name: str, place: Place) -> str | None:
        self.asked += 1
        return f"{name}-{place.tenant_id}-{self.asked}"


async def test_a_value_is_kept_for_a_while_and_then_asked_for_again() -> None:
    now = [0.0]
    kept = Secrets([Rotating()], cache_s=30, clock=lambda: now[0])
    found = []
    for now[0] in (0.0, 29.0, 30.0, 59.0):
        found.append(await kept.find("A", PLACE))
    assert found == ["A-<default>-1", "A-<default>-1", "A-<default>-2", "A-<default>-2"]


async def test_a_value_is_kept_for_one_place_only() -> None:
    kept = Secrets([Rotating()], cache_s=30)
    other = Place(tenant_id="acme", process_id="order")
    assert [await kept.find("A", PLACE), await kept.find("A", other)] == ["A-<default>-1", "A-acme-2"]


@pytest.mark.parametrize(
    ("switched_on", "name"),
    [
        ((), "TOKEN"),
        (("TENANTAWARE",), "acme_TOKEN"),
        (("PROCESSDEFINITIONAWARE",), "order_TOKEN"),
        (("TENANTAWARE", "PROCESSDEFINITIONAWARE"), "acme_order_TOKEN"),
    ],
)
def test_names_hold_the_tenant_and_the_process_when_switched_on(switched_on: tuple[str, ...], name: str) -> None:
    settings = Settings.read(
        {f"CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_{switch}": "true" for switch in switched_on}
    )
    place = Place.of(Job(key=1, type="t", tenant_id="acme", process_id="order"))
    assert composed(settings)("TOKEN", place) == name


class TestDirectory:
    @pytest.mark.parametrize(
        ("content", "value"),
        [(b"t0p", "t0p"), (b"t0p\n", "t0p"), (b"t0p\r\n", "t0p"), (b"a\nb\n\n", "a\nb\n"), (b"", "")],
    )
    async def test_a_file_holds_a_secret(self, tmp_path: Path, content: bytes, value: str) -> None:
        (tmp_path / "TOKEN").write_bytes(content)
        assert await Directory(path=tmp_path, composed=plain_name).find("TOKEN", PLACE) == value

    async def test_links_within_the_directory_are_followed_as_kubernetes_makes_them(self, tmp_path: Path) -> None:
        (tmp_path / "..data").mkdir()
        (tmp_path / "..data" / "TOKEN").write_text("t0p")
        (tmp_path / "TOKEN").symlink_to(tmp_path / "..data" / "TOKEN")
        assert await Directory(path=tmp_path, composed=plain_name).find("TOKEN", PLACE) == "t0p"

    @pytest.mark.parametrize(
        "name", ["../outside", "/etc/passwd", "link", "sub", ".hidden", "absent", "a\0b", "x" * 999]
    )
    async def test_nothing_else_is_a_secret(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "outside").write_text("no")
        inside = tmp_path / "inside"
        (inside / "sub").mkdir(parents=True)
        (inside / ".hidden").write_text("no")
        (inside / "link").symlink_to(tmp_path / "outside")
        assert await Directory(path=inside, composed=plain_name).find(name, PLACE) is None

    async def test_a_file_too_large_fails_instead_of_filling_the_memory(self, tmp_path: Path) -> None:
        (tmp_path / "BIG").write_bytes(b"x" * (2**20 + 1))
        with pytest.raises(ConnectorError, match="Fetching secrets failed in Directory"):
            await Secrets([Directory(path=tmp_path, composed=plain_name)], cache_s=30).find("BIG", PLACE)


class TestOpening:
    async def test_the_environment_comes_before_directories(self, tmp_path: Path) -> None:
        (tmp_path / "A").write_text("file")
        (tmp_path / "B").write_text("file")
        settings = Settings.read({"ZELERY_SECRET_DIRECTORIES": str(tmp_path)})
        async with open_secrets(settings, {"SECRET_A": "variable"}) as opened:
            assert [await opened.find(name, PLACE) for name in "AB"] == ["variable", "file"]

    async def test_the_order_is_a_setting(self, tmp_path: Path) -> None:
        (tmp_path / "A").write_text("file")
        settings = Settings.read(
            {"ZELERY_SECRET_DIRECTORIES": str(tmp_path), "ZELERY_SECRET_PROVIDERS": "directory, environment"}
        )
        async with open_secrets(settings, {"SECRET_A": "variable"}) as opened:
            assert await opened.find("A", PLACE) == "file"

    async def test_the_environment_can_be_switched_off(self) -> None:
        settings = Settings.read({"CAMUNDA_CONNECTOR_SECRETPROVIDER_ENVIRONMENT_ENABLED": "false"})
        async with open_secrets(settings, {"SECRET_A": "variable"}) as opened:
            with pytest.raises(InputError):
                await opened.find("A", PLACE)

    async def test_a_provider_that_is_not_installed_is_told_by_name_with_those_that_are(self) -> None:
        settings = Settings.read({"ZELERY_SECRET_PROVIDERS": "environment,valut"})
        with pytest.raises(SettingError, match="'valut'; there are environment, directory"):
            async with open_secrets(settings, {}):
                pass


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another distribution, installed beside."""
    monkeypatch.syspath_prepend(str(PLUGINS))


@pytest.mark.usefixtures("others")
class TestProvidersOfOthers:
    async def test_one_that_is_named_is_opened_in_its_place_and_closed_at_the_end(self) -> None:
        settings = Settings.read({"ZELERY_SECRET_PROVIDERS": "environment,tests"})
        async with open_secrets(settings, {"SECRET_ABC": "variable"}) as opened:
            assert [await opened.find(name, PLACE) for name in ("ABC", "XYZ")] == ["variable", "ZYX"]
        assert [provider.is_open for provider in sys.modules["secrets_for_tests"].opened] == [False]

    async def test_one_that_is_not_named_is_not_even_imported(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delitem(sys.modules, "secrets_for_tests", raising=False)
        async with open_secrets(Settings.read({}), {}):
            assert "secrets_for_tests" not in sys.modules

    @pytest.mark.parametrize(
        ("name", "complaint"),
        [
            # its extra is missing
            ("lacking", r"lacking needs a package that is not installed: pip install 'zelery-tests\[lacking\]'"),
            ("broken", r"broken \(secrets_for_tests:no_such_function\) cannot be opened: .* no attribute"),
            ("unset", "^STORE_URL is not set$"),  # its own words
        ],
    )
    async def test_one_that_cannot_be_opened_says_why(self, name: str, complaint: str) -> None:
        with pytest.raises(SettingError, match=complaint):
            async with open_secrets(Settings.read({"ZELERY_SECRET_PROVIDERS": name}), {}):
                pass


@pytest.mark.parametrize(("name", "package"), [("vault", "hvac"), ("aws", "boto3")])
async def test_our_extras_are_named_when_they_are_missing(
    name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, f"zelery.secret_providers.{name}", raising=False)
    monkeypatch.setitem(sys.modules, package, None)  # so importing it fails
    with pytest.raises(SettingError, match=rf"{name} needs .* not installed: pip install 'zelery\[{name}\]'"):
        async with open_secrets(Settings.read({"ZELERY_SECRET_PROVIDERS": name}), {}):
            pass


class TestMask:
    def mask(self, *values: str) -> Mask:
        mask = Mask()
        for value in values:
            mask.add(value)
        return mask

    @pytest.mark.parametrize(
        ("values", "message", "shown"),
        [
            ((), "Bad t0p", "Bad t0p"),
            (("t0p",), "Bad t0p, t0p", "Bad ***, ***"),
            (("",), "Oops", "Oops"),  # an empty secret hides nothing
            (("t0p", "t0p-s3cret"), "Bad t0p-s3cret", "Bad ***"),  # the longer one first
            (('say "hi"',), 'x say "hi" y ' + json.dumps('say "hi"'), 'x *** y "***"'),
            (("a b&c",), "http://h/?q=a%20b%26c", "http://h/?q=***"),
        ],
    )
    def test_no_message_shows_a_secret(self, values: tuple[str, ...], message: str, shown: str) -> None:
        assert self.mask(*values)(message) == shown

    def test_no_text_within_a_value_shows_a_secret(self) -> None:
        shown = {"a": ["t0p", 1, None, True, {"t0p": ("x-t0p", 0.5)}], "when": LookupError("no t0p")}
        assert self.mask("t0p").within(shown) == {
            "a": ["***", 1, None, True, {"***": ["x-***", 0.5]}],
            "when": "no ***",
        }

    async def test_secrets_that_other_secrets_name_are_hidden_too(self) -> None:
        mask = Mask()
        await secrets().replace("{{secrets.A}} {{secrets.A}}", PLACE, mask)
        assert mask("t0p") == "***"

    def test_its_repr_shows_nothing(self) -> None:
        assert "t0p" not in repr(self.mask("t0p"))


def test_no_repr_shows_a_secret() -> None:
    assert "t0p" not in repr(environment({"S_TOKEN": "t0p"}))
