from __future__ import annotations

import pytest

from netapp_jlab.demo.api.auth import tokens
from netapp_jlab.demo.api.auth.authenticator import Authenticator, impersonate
from netapp_jlab.demo.api.auth.escalation import EscalationCheck
from netapp_jlab.demo.api.auth.rbac import Attributes, Authorizer
from netapp_jlab.demo.api.auth.tokens import InvalidTokenError, TokenIssuer
from netapp_jlab.demo.api.auth.users import ADMIN, ANONYMOUS, User, service_account
from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.api.options import WriteOptions

from .serving import CONFIGS, Api, Serving

RBAC = "rbac.authorization.k8s.io"
BOB = User("bob", ("devs", "system:authenticated"))
REVIEWS = "/apis/authorization.k8s.io/v1"


@pytest.fixture
def authorizer(store) -> Authorizer:
    return Authorizer(store)


@pytest.fixture
def grant(store):
    """Give somebody rules, in one namespace or (None) everywhere."""

    def grant(subject: dict, *rules: dict, namespace: str | None = "default", name="r") -> None:
        prefix, meta = ("Cluster", {"name": name})
        if namespace:
            prefix, meta = "", {"name": name, "namespace": namespace}
        store.create(f"{prefix}Role", {"metadata": meta, "rules": list(rules)})
        role = {"apiGroup": RBAC, "kind": f"{prefix}Role", "name": name}
        body = {"metadata": meta, "roleRef": role, "subjects": [subject]}
        store.create(f"{prefix}RoleBinding", body)

    return grant


def rule(verbs: str = "get", resources: str = "pods", groups: str = "", **more) -> dict:
    return {
        "verbs": verbs.split(","),
        "resources": resources.split(","),
        "apiGroups": groups.split(","),
        **more,
    }


def pods(verb: str = "get", **more: str) -> Attributes:
    return Attributes(**{"verb": verb, "resource": "pods", "namespace": "default", **more})


USER_BOB = {"kind": "User", "name": "bob"}


class TestRules:
    @pytest.mark.parametrize(
        ("granted", "asked", "allowed"),
        [
            (rule(), pods(), True),
            (rule(), pods("list"), False),
            (rule(), pods(namespace="other"), False),
            (rule(), pods(resource="secrets"), False),
            (rule(), pods(group="apps"), False),
            (rule("*", "*", "*"), pods("delete", group="apps", resource="x"), True),
            (rule(), pods(subresource="log"), False),
            (rule(resources="pods/log"), pods(subresource="log"), True),
            (rule(resources="*/log"), pods(subresource="log"), True),
            (rule(resources="*"), pods(subresource="log"), True),
            (rule(resourceNames=["a"]), pods(name="a"), True),
            (rule(resourceNames=["a"]), pods(name="b"), False),
            (rule("list", resourceNames=["a"]), pods("list"), False),
        ],
    )
    def test_in_a_namespace(self, authorizer, grant, granted, asked, allowed):
        grant(USER_BOB, granted)
        assert authorizer.decide(BOB, asked).allowed is allowed

    @pytest.mark.parametrize(
        ("urls", "path", "allowed"),
        [
            (["/metrics"], "/metrics", True),
            (["/metrics"], "/metrics/x", False),
            (["/metrics/*"], "/metrics/x", True),
            (["*"], "/anything", True),
        ],
    )
    def test_paths(self, authorizer, grant, urls, path, allowed):
        grant(USER_BOB, {"verbs": ["get"], "nonResourceURLs": urls}, namespace=None)
        assert authorizer.decide(BOB, Attributes(verb="get", path=path)).allowed is allowed

    @pytest.mark.parametrize(
        ("subject", "user"),
        [
            (USER_BOB, BOB),
            ({"kind": "Group", "name": "devs"}, BOB),
            ({"kind": "ServiceAccount", "name": "sa"}, service_account("default", "sa")),
            (
                {"kind": "ServiceAccount", "name": "sa", "namespace": "other"},
                service_account("other", "sa"),
            ),
            ({"kind": "Group", "name": "system:serviceaccounts"}, service_account("x", "y")),
        ],
    )
    def test_subjects(self, authorizer, grant, subject, user):
        grant(subject, rule())
        assert authorizer.decide(user, pods()).allowed
        assert not authorizer.decide(User("eve"), pods()).allowed

    def test_everywhere(self, authorizer, grant):
        grant(USER_BOB, rule(), namespace=None)
        assert authorizer.decide(BOB, pods(namespace="anywhere")).allowed
        assert authorizer.decide(BOB, pods(namespace="")).allowed

    def test_changes_count_at_once(self, store, authorizer, grant):
        assert not authorizer.decide(BOB, pods()).allowed
        grant(USER_BOB, rule())
        decision = authorizer.decide(BOB, pods())
        assert decision.reason == (
            'RBAC: allowed by RoleBinding "r/default" of Role "r" to User "bob"'
        )
        store.delete("Role", "default", "r")
        denied = authorizer.decide(BOB, pods())
        assert denied == (False, 'RBAC: role.rbac.authorization.k8s.io "r" not found')

    def test_masters_may_do_anything(self, authorizer):
        assert authorizer.decide(ADMIN, pods("frobnicate")).allowed

    def test_aggregation(self, store, authorizer, grant):
        store.create(
            "RoleBinding",
            {
                "metadata": {"name": "v", "namespace": "default"},
                "roleRef": {"kind": "ClusterRole", "name": "view"},
                "subjects": [USER_BOB],
            },
        )
        asked = pods(group="snapshot.storage.k8s.io", resource="volumesnapshots")
        assert not authorizer.decide(BOB, asked).allowed
        labels = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
        store.create(
            "ClusterRole",
            {
                "metadata": {"name": "snapshots-view", "labels": labels},
                "rules": [rule("get", "volumesnapshots", "snapshot.storage.k8s.io")],
            },
        )
        assert authorizer.decide(BOB, asked).allowed
        assert authorizer.decide(BOB, pods()).allowed


class TestEscalation:
    @pytest.fixture
    def create(self, store, authorizer, grant):
        store.admission.append(EscalationCheck(authorizer))
        grant(USER_BOB, rule("create,update", "roles,rolebindings", RBAC), rule(), name="own")

        def create(kind: str, user: User | None = BOB, **body) -> dict:
            meta = {"name": "new", "namespace": "default"}
            return store.create(kind, {"metadata": meta, **body}, options=WriteOptions(user=user))

        return create

    def test_what_one_has_can_be_given(self, create):
        create("Role", rules=[rule(resourceNames=["a"])])
        reference = {"kind": "Role", "name": "new"}
        create("RoleBinding", roleRef=reference, subjects=[])

    def test_what_one_has_not_can_not(self, create):
        with pytest.raises(ApiError) as caught:
            create("Role", rules=[rule("get,list", "pods,secrets")])
        assert caught.value.code == 403
        assert caught.value.message == (
            'roles.rbac.authorization.k8s.io "new" is forbidden: user "bob" '
            '(groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions '
            'not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["list"]}\n'
            '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}'
        )
        with pytest.raises(ApiError, match="NonResourceURLs"):
            create("RoleBinding", roleRef={"kind": "ClusterRole", "name": "cluster-admin"})

    def test_unless_one_may_escalate_or_bind(self, create, grant):
        grant(USER_BOB, rule("escalate,bind", "roles,clusterroles", RBAC), namespace=None, name="e")
        create("Role", rules=[rule("*", "*", "*")])
        create("RoleBinding", roleRef={"kind": "ClusterRole", "name": "cluster-admin"})

    def test_the_cluster_itself_is_not_asked(self, create):
        create("Role", user=None, rules=[rule("*", "*", "*")])


class TestTokens:
    @pytest.fixture
    def issuer(self, store) -> TokenIssuer:
        return TokenIssuer(store)

    @pytest.fixture
    def account(self, store) -> dict:
        return store.create("ServiceAccount", {"metadata": {"name": "sa", "namespace": "default"}})

    def test_whose_it_is(self, issuer, account):
        user = issuer.check(issuer.issue(account, seconds=60))
        assert user.name == "system:serviceaccount:default:sa"
        assert user.uid == account["metadata"]["uid"]
        assert "system:serviceaccounts:default" in user.groups

    def test_another_server_of_the_same_cluster_knows_it(self, store, issuer, account):
        token = issuer.issue(account, seconds=60)
        assert TokenIssuer(store).check(token).name.endswith(":sa")

    def test_it_expires(self, issuer, account, monkeypatch):
        token = issuer.issue(account, seconds=60)
        now = tokens.time.time()
        monkeypatch.setattr(tokens.time, "time", lambda: now + 59)
        issuer.check(token)
        monkeypatch.setattr(tokens.time, "time", lambda: now + 61)
        with pytest.raises(InvalidTokenError, match="expired"):
            issuer.check(token)

    def test_it_dies_with_its_account(self, store, issuer, account):
        token = issuer.issue(account, seconds=60)
        store.delete("ServiceAccount", "default", "sa")
        with pytest.raises(InvalidTokenError, match="gone"):
            issuer.check(token)
        store.create("ServiceAccount", {"metadata": {"name": "sa", "namespace": "default"}})
        with pytest.raises(InvalidTokenError, match="made anew"):
            issuer.check(token)

    def test_it_dies_with_its_pod(self, store, issuer, account):
        spec = {"containers": [{"name": "c", "image": "i"}]}
        meta = {"name": "p", "namespace": "default"}
        pod = store.create("Pod", {"metadata": meta, "spec": spec})
        token = issuer.issue(account, seconds=60, bound=pod)
        user = issuer.check(token)
        assert user.extra["authentication.kubernetes.io/pod-name"] == ["p"]
        store.delete("Pod", "default", "p")
        with pytest.raises(InvalidTokenError):
            issuer.check(token)

    def test_audiences(self, issuer, account):
        token = issuer.issue(account, seconds=60, audiences=["vault"])
        assert issuer.check(token, ["vault"])
        with pytest.raises(InvalidTokenError):
            issuer.check(token)

    def test_forgeries(self, issuer, account):
        token = issuer.issue(account, seconds=60)
        head, body, signature = token.split(".")
        for forged in (
            *("", "x", "a.b.c", f"{head}.{body}.", f"{head}.{body}"),
            f"{head}.{body[:-1]}A.{signature}",
            f"{head}.{body}.{signature[:-2]}AA",
        ):
            with pytest.raises(InvalidTokenError):
                issuer.check(forged)


class TestAuthentication:
    def test_headers(self, store):
        known = Authenticator(store, {"bobtoken": BOB})
        assert known.authenticate(None) is ANONYMOUS
        assert known.authenticate("Basic xyz") is ANONYMOUS
        assert known.authenticate("Bearer bobtoken") is BOB
        assert known.authenticate(f"Bearer {known.admin_token}") is ADMIN
        with pytest.raises(ApiError) as caught:
            known.authenticate("Bearer nonsense")
        assert (caught.value.code, caught.value.message) == (401, "Unauthorized")

    def test_impersonation(self, authorizer, grant):
        headers = {"Impersonate-User": "bob", "Impersonate-Group": "a,b"}
        acting = impersonate(ADMIN, headers, authorizer)
        assert acting == User("bob", ("a", "b", "system:authenticated"))
        account = impersonate(ADMIN, {"Impersonate-User": "system:serviceaccount:n:sa"}, authorizer)
        assert "system:serviceaccounts:n" in account.groups
        with pytest.raises(ApiError, match='cannot impersonate resource "users"'):
            impersonate(BOB, {"Impersonate-User": "eve"}, authorizer)
        grant(USER_BOB, rule("impersonate", "users"), namespace=None)
        assert impersonate(BOB, {"Impersonate-User": "eve"}, authorizer).name == "eve"
        with pytest.raises(ApiError, match='cannot impersonate resource "groups"'):
            impersonate(BOB, headers, authorizer)

    def test_groups_without_a_user(self, authorizer):
        with pytest.raises(ApiError, match="without impersonating a user"):
            impersonate(ADMIN, {"Impersonate-Group": "a"}, authorizer)


class TestOverHttp:
    @pytest.fixture
    def robot(self, serving: Serving, store) -> Api:
        account = store.get("ServiceAccount", "default", "default")
        return serving.api(serving.authenticator.issuer.issue(account, seconds=600))

    def test_nobody(self, serving: Serving):
        nobody = serving.api("")
        assert nobody.call("GET", "/version").status == 200
        refused = nobody.call("GET", CONFIGS)
        assert refused.status == 403
        assert refused.json["message"] == (
            'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" '
            'in API group "" in the namespace "default"'
        )

    def test_a_wrong_token(self, serving: Serving):
        refused = serving.api("wrong").call("GET", CONFIGS)
        assert refused.status == 401
        assert refused.json["message"] == "Unauthorized"

    def test_an_account_without_rights(self, robot: Api):
        assert robot.get("/api")["versions"] == ["v1"]
        name = "system:serviceaccount:default:default"
        for path, words in (
            (f"{CONFIGS}/x", f'configmaps "x" is forbidden: User "{name}" cannot get resource'),
            ("/api/v1/nodes", 'nodes is forbidden: User "'),
            ("/metrics", f'forbidden: User "{name}" cannot get path "/metrics"'),
        ):
            refused = robot.call("GET", path)
            assert refused.status == 403
            assert refused.json["message"].startswith(words)
        assert "at the cluster scope" in robot.call("GET", "/api/v1/nodes").json["message"]
        status = f"{CONFIGS}/x/status"
        assert 'resource "configmaps/status"' in robot.call("GET", status).json["message"]

    def test_one_object_by_name(self, robot: Api, grant):
        account = {"kind": "ServiceAccount", "name": "default"}
        grant(account, rule("list,watch", "configmaps", resourceNames=["mine"]))
        assert robot.call("GET", f"{CONFIGS}?fieldSelector=metadata.name%3Dmine").status == 200
        assert robot.call("GET", CONFIGS).status == 403

    def test_reviews(self, api: Api, robot: Api, grant):
        asked = {"verb": "get", "resource": "pods", "namespace": "default"}
        own = {"spec": {"resourceAttributes": asked}}
        path = f"{REVIEWS}/selfsubjectaccessreviews"
        assert api.post(path, own)["status"] == {"allowed": True}
        assert robot.post(path, own)["status"] == {"allowed": False}
        grant({"kind": "ServiceAccount", "name": "default"}, rule())
        assert robot.post(path, own)["status"]["allowed"]
        name = "system:serviceaccount:default:default"
        other = {"spec": {"user": name, "resourceAttributes": asked}}
        assert api.post(f"{REVIEWS}/subjectaccessreviews", other)["status"]["allowed"]
        local = f"{REVIEWS}/namespaces/default/localsubjectaccessreviews"
        assert api.post(local, other)["status"]["allowed"]
        assert robot.call("POST", f"{REVIEWS}/subjectaccessreviews", other).status == 403
        rules = robot.post(f"{REVIEWS}/selfsubjectrulesreviews", {"spec": {"namespace": "default"}})
        assert {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]} in (
            rules["status"]["resourceRules"]
        )
        assert rules["status"]["incomplete"] is False

    @pytest.mark.parametrize(
        ("kind", "spec", "words"),
        [
            ("selfsubjectaccessreviews", {}, "exactly one of nonResourceAttributes or resource"),
            (
                "selfsubjectaccessreviews",
                {"resourceAttributes": {}, "nonResourceAttributes": {}},
                "cannot be specified in combination",
            ),
            ("subjectaccessreviews", {}, "at least one of user or group must be specified"),
            ("selfsubjectrulesreviews", {}, "no namespace on request"),
        ],
    )
    def test_reviews_of_nothing(self, api: Api, kind, spec, words):
        refused = api.call("POST", f"{REVIEWS}/{kind}", {"spec": spec})
        assert refused.status in (400, 422)
        assert words in refused.json["message"]

    def test_who_am_i(self, robot: Api):
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        user = robot.post(path, {})["status"]["userInfo"]
        assert user["username"] == "system:serviceaccount:default:default"

    def test_tokens(self, api: Api, serving: Serving):
        path = "/api/v1/namespaces/default/serviceaccounts/default/token"
        made = api.post(path, {"spec": {"expirationSeconds": 600}})
        assert made["kind"] == "TokenRequest"
        token = made["status"]["token"]
        assert serving.api(token).call("GET", "/api").status == 200
        review = "/apis/authentication.k8s.io/v1/tokenreviews"
        status = api.post(review, {"spec": {"token": token}})["status"]
        assert status["user"]["username"] == "system:serviceaccount:default:default"
        wrong = api.post(review, {"spec": {"token": "x"}})["status"]
        assert wrong == {"user": {}, "error": "invalid bearer token"}
        short = api.call("POST", path, {"spec": {"expirationSeconds": 60}})
        assert "may not specify a duration less than 10 minutes" in short.json["message"]
        bound = {"spec": {"boundObjectRef": {"kind": "Pod", "name": "nope"}}}
        assert api.call("POST", path, bound).status == 404

    def test_acting_as_somebody(self, api: Api):
        refused = api.call("GET", CONFIGS, headers={"Impersonate-User": "bob"})
        assert 'User "bob" cannot list resource "configmaps"' in refused.json["message"]
