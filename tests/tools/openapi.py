"""openapi.json and the answers of cee-http: openapi.py sound FILE | answers FILE DIR

sound: FILE must be an OpenAPI 3.1 document: required members are there, every reference has a target, every
schema is valid, every parameter of a path is declared.
answers: DIR has N.meta (method, status, content type, path, with tabs between) and N.body, of real
requests: each that cee-http answered with JSON must be as the document says.
"""
import glob, json, re, sys

from jsonschema import Draft202012Validator, RefResolver

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def lookup(spec, ref):
    at = spec
    for part in ref.removeprefix("#/").split("/"):
        at = at[part.replace("~1", "/").replace("~0", "~")]
    return at


def walk(v, path=""):
    yield path, v
    for k, x in v.items() if isinstance(v, dict) else enumerate(v) if isinstance(v, list) else ():
        yield from walk(x, "%s/%s" % (path, k))


def sound(spec):
    assert re.fullmatch(r"3\.1\.\d+", spec["openapi"]), "openapi"
    assert spec["info"]["title"] and spec["info"]["version"], "info"
    for path, v in walk(spec):
        if isinstance(v, dict) and "$ref" in v:
            assert v["$ref"].startswith("#/"), path
            lookup(spec, v["$ref"])
        if path.endswith("/schema") or re.fullmatch(r"/components/schemas/[^/]+", path):
            Draft202012Validator.check_schema(v)
        if path.endswith("/responses"):
            for status, r in v.items():
                r = lookup(spec, r["$ref"]) if "$ref" in r else r
                assert path == "/components/responses" or re.fullmatch(r"[1-5]\d\d|default", status), path
                assert r["description"], path
    ids = set()
    for path, item in spec["paths"].items():
        assert path.startswith("/"), path
        if "$ref" in item:  # the same as another path, which is looked at by itself
            continue
        for method, op in item.items():
            if method not in METHODS:
                assert method in ("parameters", "summary", "description", "servers"), (path, method)
                continue
            assert op["operationId"] not in ids and op["responses"], (path, method)
            ids.add(op["operationId"])
            params = [lookup(spec, p["$ref"]) if "$ref" in p else p for p in item.get("parameters", []) + op.get("parameters", [])]
            assert all(p["in"] in ("path", "query", "header") and ("schema" in p) for p in params), (path, method)
            assert set(re.findall(r"{(\w+)}", path)) == {p["name"] for p in params if p["in"] == "path"}, path
            for need in op.get("security", spec["security"]):
                assert all(n in spec["components"]["securitySchemes"] for n in need), (path, method)


def operation(spec, method, path):
    """(None, None) an address that is not there; (item, None) another method."""
    path = re.sub(r"[?#].*", "", path)
    path = path if path == "/" else path.rstrip("/")
    for template, item in sorted(spec["paths"].items(), key=lambda kv: "{" in kv[0]):
        if re.fullmatch(template.replace("{id}", "[^/]+").replace("{name}", ".+"), path):
            item = lookup(spec, item["$ref"]) if "$ref" in item else item
            return item, item.get(method.lower())
    return None, None


def check(spec, resolver, meta, body):
    method, status, kind, path = meta.rstrip("\n").split("\t", 3)
    if kind.startswith("text/html") or method == "OPTIONS":     # the web server's own, or a preflight
        return
    item, op = operation(spec, method, path)
    if op is None:
        assert status in ("400", "404", "405", "414") or kind == "", "an answer that no operation has"
        response = lookup(spec, "#/components/responses/Problem")
        if kind == "":
            return
    else:
        response = op["responses"].get(status, op["responses"]["default"])
        assert status in op["responses"] or int(status) >= 400, "a status that is not described"
        response = lookup(spec, response["$ref"]) if "$ref" in response else response
    content = response.get("content", {})
    if not content:
        assert not body and not kind, "a body, and none is described"
        return
    if status == "304":
        return
    assert kind in content, "the type %s, described are %s" % (kind, ", ".join(content))
    schema = content[kind]["schema"]
    if kind in ("application/json", "application/problem+json"):
        values = [json.loads(body)]
    elif kind == "application/x-ndjson":
        values = [json.loads(l) for l in body.splitlines()]
    else:
        return
    for v in values:
        errors = sorted(Draft202012Validator(schema, resolver=resolver).iter_errors(v), key=lambda e: len(e.path))
        assert not errors, "%s\nin %s" % (errors[0].message[:600], json.dumps(v)[:600])


def main():
    spec = json.load(open(sys.argv[2]))
    if sys.argv[1] == "sound":
        sound(spec)
        return
    resolver = RefResolver("", spec)
    bad = 0
    for name in sorted(glob.glob(sys.argv[3] + "/*.meta")):
        meta = open(name, errors="replace").read()
        try:
            check(spec, resolver, meta, open(name[:-4] + "body", "rb").read())
        except (AssertionError, ValueError) as e:
            bad += 1
            print("openapi.json: %s: %s" % (meta.strip().replace("\t", " "), e), file=sys.stderr)
    sys.exit(1 if bad else 0)


main()
