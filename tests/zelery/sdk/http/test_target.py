from __future__ import annotations

import pytest

from zelery.sdk.http.errors import UnbuildableError
from zelery.sdk.http.target import ForeignUrlError, target


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://h", "/"),  # no path is the root
        ("http://h?x=1", "/?x=1"),  # … with a query too
        ("http://h/a b/c d", "/a%20b/c%20d"),  # what is not encoded, is
        ("http://h/a%20b/%c3%bc", "/a%20b/%C3%BC"),  # what is, stays; in upper case
        ("http://h/a+b?x=1+2", "/a%2Bb?x=1%202"),  # a plus is a blank in the query only
        ("http://h/a%2Fb//c/./../d", "/a%2Fb//c/./../d"),  # slashes and dots are left alone
        ("http://h/{id}/[a]\\", "/%7Bid%7D/%5Ba%5D%5C"),  # brackets of all sorts
        ("http://h/a:b@c$d&e,f=g;h", "/a:b@c$d&e,f=g;h"),  # what a path may hold
        ("http://h/a%23b#frag", "/a%23b"),  # the fragment stays here
        ("http://h/a ", "/a"),  # a blank at the end is none
        ("http://h/a\tb", "/a%09b"),
        ("http://h/%E9", "/%EF%BF%BD"),  # bytes that are no UTF-8
        ("http://h/żółć?ß=🎉", "/%C5%BC%C3%B3%C5%82%C4%87?%C3%9F=%F0%9F%8E%89"),
        ("http://h/?x=&y", "/?x&y"),  # nothing after `=` is nothing
        ("http://h/?&&x=1&=5&", "/?x=1"),  # pieces without a name vanish
        ("http://h/?q=1&z=2&q=3", "/?q=1&q=3&z=2"),  # parameters of one name come together
        ("http://h/?u=http://e.x/?a=b", "/?u=http://e.x/?a%3Db"),  # the second `=` is a value's
        ("http://h/?x=*~!()-_.'$,;/?:@", "/?x=*~!()-_.'$,;/?:@"),  # what a query may hold
        ("http://h/?x[]=^`<>", "/?x%5B%5D=%5E%60%3C%3E"),
        ("http://h/?", "/"),
        ("http://h/\ud800", "/%3F"),  # half a character
    ],
)
def test_a_url_is_decoded_and_encoded_anew(url: str, path: str) -> None:
    assert target(url).path == path


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://h/a+b?x=1+2", "/a+b?x=1+2"),
        ("http://h/a%2520b?&&x=1&", "/a%2520b?&&x=1&"),
        ("http://h/żó?q=ü", "/żó?q=ü"),  # Latin-1 on the wire, with `?` for the rest
        ("http://h/a#frag", "/a"),
        ("http://h/a?", "/a?"),
        ("http://h", "/"),
    ],
)
def test_a_url_that_skips_encoding_goes_out_as_it_is(url: str, path: str) -> None:
    assert target(url, skip_encoding=True).path == path


@pytest.mark.parametrize(
    ("url", "skip", "path"),
    [
        ("http://h/a", False, "/a?n&e=&k=k%201%262%2Fx"),  # a null is a bare name, nothing is an equals sign
        ("http://h/a?u=http://e/", False, "/a?u=http%3A%2F%2Fe%2F&n&e=&k=k%201%262%2Fx"),  # strict for all, then
        ("http://h/a%20b?x=%7B&y=1+1", True, "/a%20b?x=%7B&y=1%2B1&n&e=&k=k%201%262%2Fx"),  # a plus is a plus here
        ("http://h/e\u0301", True, "/%C3%A9?n&e=&k=k%201%262%2Fx"),  # composed and encoded
        ("http://h/\ud800", True, "/%3F?n&e=&k=k%201%262%2Fx"),  # half a character
    ],
)
def test_added_parameters_are_encoded_strictly(url: str, skip: bool, path: str) -> None:
    added = [("n", None), ("e", ""), ("k", "k 1&2/x")]

    assert target(url, skip_encoding=skip, parameters=added).path == path


@pytest.mark.parametrize(
    ("url", "host", "port", "authority"),
    [
        ("http://h/", "h", 80, "h"),
        ("https://h/", "h", 443, "h"),
        ("http://h:8080", "h", 8080, "h:8080"),
        ("http://h:/", "h", 80, "h"),
        ("http://[::1]:8080/", "::1", 8080, "[::1]:8080"),
        ("http://a_b/", "a_b", 80, "a_b"),
        ("http://żółć.pl/", "żółć.pl", 80, "xn--kda4b0koi.pl"),
    ],
)
def test_the_authority_names_the_port_only_where_the_url_does(url: str, host: str, port: int, authority: str) -> None:
    found = target(url)

    assert (found.host, found.port, found.authority) == (host, port, authority)
    assert found.tls == url.startswith("https")


@pytest.mark.parametrize(
    ("url", "skip", "text"),
    [
        ("http://h/100%", False, "Malformed escape pair at index 12: http://h/100%"),
        ("http://h/a%zz?x=%zz", False, "Malformed escape pair at index 10: http://h/a%zz?x=%zz"),
        ("http://h/#%zz", False, "Malformed escape pair at index 10: http://h/#%zz"),
        ("http://h/a b%zz", False, "Illegal character in path at index 10: http://h/a b%zz"),
        ("http://h/a?x={y}", True, "Illegal character in query at index 13: http://h/a?x={y}"),
        ("http://h/a b", True, "Illegal character in path at index 10: http://h/a b"),
        ("http://a b/c", False, "Illegal character in authority at index 7: http://a b/c"),
        ("http://", False, "Expected authority at index 7: http://"),
        ("{{x}}/a", False, "Illegal character in path at index 0: {{x}}/a"),  # the url's rule lets it pass
        ("{{x}}:a", False, "Illegal character in scheme name at index 0: {{x}}:a"),
        ("http:///x", False, "there is no host in ''"),
        ("http://127.0.0.1:abc/x", False, "there is no host in '127.0.0.1:abc'"),
        ("secrets", False, "there is no host in ''"),
        (
            "http://h:99999/",
            False,
            "Port number(Use -1 to specify the scheme default port): 99999 is out of range [-1, 65535]",
        ),
        ("http://" + "ü" * 70 + "/", False, f"the host {'ü' * 70!r} is no name of the Internet"),
    ],
)
def test_a_url_that_is_no_uri_says_where_it_breaks_the_rules(url: str, skip: bool, text: str) -> None:
    with pytest.raises(UnbuildableError) as caught:
        target(url, skip_encoding=skip)

    assert caught.value.text == text


@pytest.mark.parametrize("url", ["secretshttp://x/", "http://user:word@h/", "http://user@h/"])
def test_another_scheme_or_a_login_is_nothing_that_http_calls(url: str) -> None:
    with pytest.raises(ForeignUrlError):
        target(url)


def test_the_whole_address_is_what_a_proxy_asks_for() -> None:
    assert target("https://h:8443/a b?x=1").url == "https://h:8443/a%20b?x=1"
