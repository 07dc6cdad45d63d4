"""Create, read, update, patch and delete: ``/api/v1/...`` and ``/apis/<group>/<version>/...``.

After ``k8s.io/apiserver/pkg/endpoints/handlers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.api import errors, patches
from netapp_jlab.demo.api.kinds import KINDS
from netapp_jlab.demo.api.options import WriteOptions
from netapp_jlab.demo.api.queries import Query

from . import answers, bodies, negotiation, parameters, subresources
from .base import ApiHandler
from .subresources import SCALE
from .watching import WatchStream

if TYPE_CHECKING:
    from netapp_jlab.demo.api.history import Entry
    from netapp_jlab.demo.api.kinds import Kind

    from .negotiation import Form
    from .targets import Target

Object = dict[str, Any]

#: A deletion of these answers with the object, of others with a bare success.
_RETURNED = frozenset(
    (
        "CSIDriver",
        "Namespace",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "Pod",
        "ResourceQuota",
        "Service",
        "ServiceAccount",
        "StorageClass",
        "VolumeAttachment",
    )
)


class ResourceHandler(ApiHandler):
    """One resource, one object, or a subresource of it."""

    async def prepare(self) -> None:
        """Find out who asks, then whether there is such a resource."""
        await super().prepare()
        if self._finished:
            return
        target = self.target
        kind = target.kind
        if kind is None:
            if any(known.builtin and known.group == target.group for known in KINDS.values()):
                raise errors.no_such_path()
            await self.reply_no_page()
            return
        self.kind: Kind = kind
        self.namespace = target.namespace if kind.namespaced else ""
        if target.namespace and not kind.namespaced and kind.kind != "Namespace":
            raise errors.no_such_path()
        subresource = target.subresource
        if subresource and subresource not in (*kind.subresources, *kind.writable_subresources()):
            raise errors.no_such_path()

    async def get(self, *_: str) -> None:
        """Read an object, a list, or watch."""
        target, kind = self.target, self.kind
        if kind.virtual:
            raise errors.method_not_allowed()
        single = target.verb == "get"
        form = negotiation.choose(self.request.headers.get("Accept", ""), single=single)
        if target.verb == "watch":
            await WatchStream(self, kind, self.namespace, form).run()
        elif target.verb == "list":
            await self._list(form)
        else:
            entry = self.services.store.entry(kind.kind, self.namespace or None, target.name)
            if target.subresource == "scale":
                await self.reply(subresources.scale_of(entry.decode()))
            elif target.subresource in ("", "status"):
                await self._reply_entry(entry, form)
            else:
                raise errors.method_not_allowed()

    async def _list(self, form: Form) -> None:
        query, kind = self.query, self.kind
        asked = Query.parse(
            kind, self.namespace, query.get("labelSelector"), query.get("fieldSelector")
        )
        page = await self.offload(self.services.store.page, asked, parameters.paging(query))
        if not form.kind:
            await self.reply(await self.offload(answers.encode_list, kind, page))
            return
        include = query.get("includeObject", "Metadata")
        await self.reply(await self.offload(answers.reshape_list, kind, page, form, include))

    async def _reply_entry(self, entry: Entry, form: Form) -> None:
        if form.kind:
            await self._reply_object(entry.decode())
        else:
            await self.reply(entry.raw())

    async def _reply_object(self, obj: Object, status: int = 200) -> None:
        form = negotiation.choose(self.request.headers.get("Accept", ""), single=True)
        if form.kind:
            include = self.query.get("includeObject", "Metadata")
            obj = answers.reshape(self.kind, obj, form, include)
        await self.reply(obj, status)

    async def post(self, *_: str) -> None:
        """Create an object, answer a review, or use a subresource."""
        target, kind = self.target, self.kind
        if target.subresource == "token":
            options = self._options("CreateOptions")
            body = bodies.parse_object(self.request.body, self._content_type, "TokenRequest")
            answer = await self.offload(
                subresources.request_token, self.services, self.namespace, target.name, body
            )
            await self.reply(answer, 201)
            return
        if target.name and not (kind.kind == "Namespace" and not target.subresource):
            raise errors.method_not_allowed()
        if kind.namespaced and not self.namespace:
            raise errors.method_not_allowed()
        options = self._options("CreateOptions")
        obj = self._read_object()
        bodies.place(kind, obj, self.namespace)
        if kind.virtual:
            review = options.read(kind, obj)
            answer = await self.offload(self.services.reviews.answer, kind, review, self.user)
            await self.reply(answer, 201)
            return
        created = await self.offload(self.services.store.create, kind.kind, obj, options=options)
        await self._reply_object(created, 201)

    async def put(self, *_: str) -> None:
        """Replace an object, or its status."""
        target = self._writable()
        options = self._options("UpdateOptions")
        if target.subresource == "scale":
            wanted = bodies.parse_object(self.request.body, self._content_type, "Scale")
            await self._scale(wanted, options)
            return
        obj = self._read_object()
        bodies.place(self.kind, obj, self.namespace, target.name)
        updated = await self.offload(
            self.services.store.update,
            self.kind.kind,
            obj,
            subresource=target.subresource or None,
            options=options,
        )
        await self._reply_object(updated)

    async def patch(self, *_: str) -> None:
        """Change a part of an object, or of its status."""
        target = self._writable()
        options = self._options("PatchOptions")
        format_ = bodies.media_type(self._content_type)
        if format_ not in patches.accepted(self.kind):
            known = () if self.kind.builtin else patches.accepted(self.kind)
            raise errors.unsupported_media_type(known)
        patch = bodies.parse_patch(self.request.body, format_)
        if target.subresource == "scale":
            current = subresources.scale_of(await self._current())
            await self._scale(patches.apply(SCALE, current, patch, format_), options)
            return
        patched = await self.offload(
            self.services.store.patch,
            self.kind.kind,
            self.namespace or None,
            target.name,
            patch,
            content_type=format_,
            subresource=target.subresource or None,
            options=options,
        )
        await self._reply_object(patched)

    async def _current(self) -> Object:
        return await self.offload(
            self.services.store.get, self.kind.kind, self.namespace or None, self.target.name
        )

    async def _scale(self, wanted: Object, options: WriteOptions) -> None:
        scaled = await self.offload(
            subresources.scale,
            self.services.store,
            self.kind.kind,
            (self.namespace, self.target.name),
            wanted,
            options,
        )
        await self.reply(scaled)

    async def delete(self, *_: str) -> None:
        """Delete an object, or all that selectors pick."""
        target, kind = self.target, self.kind
        if target.subresource or kind.virtual:
            raise errors.method_not_allowed()
        body = self._delete_options_body()
        asked = parameters.DeleteOptions.parse(self.query, body)
        if target.name:
            deleted = await self.offload(self._delete, target.name, asked)
            await self._reply_deleted(deleted, dry_run=asked.dry_run)
            return
        if (kind.namespaced and not self.namespace) or "deletecollection" not in kind.verbs:
            raise errors.method_not_allowed()
        items = await self.offload(self._delete_all, asked)
        await self.reply(answers.list_of(kind, items, self.services.store.resource_version))

    def _delete_options_body(self) -> Object:
        if not self.request.body.strip():
            return {}
        return bodies.parse_object(self.request.body, self._content_type, "DeleteOptions")

    def _delete(self, name: str, asked: parameters.DeleteOptions) -> Object:
        return self.services.store.delete(
            self.kind.kind,
            self.namespace or None,
            name,
            preconditions=asked.preconditions,
            propagation=asked.propagation,
            grace_seconds=asked.grace_seconds,
            options=WriteOptions(user=self.user, dry_run=asked.dry_run),
        )

    def _delete_all(self, asked: parameters.DeleteOptions) -> list[Object]:
        query, found = self.query, []
        listed = self.services.store.list(
            self.kind.kind,
            self.namespace or None,
            label_selector=query.get("labelSelector"),
            field_selector=query.get("fieldSelector"),
        )
        for item in listed.items:
            try:
                found.append(self._delete(item["metadata"]["name"], asked))
            except errors.ApiError as error:
                if error.code != 404:  # somebody else was faster
                    raise
        return found

    async def _reply_deleted(self, deleted: Object, *, dry_run: bool) -> None:
        kind = self.kind
        gone = dry_run or self.services.store.gone(deleted)
        if kind.kind in _RETURNED or not gone:
            await self._reply_object(deleted)
            return
        await self.reply(answers.success(kind, deleted))

    def _options(self, kind: str) -> WriteOptions:
        self.writing = parameters.write_options(self.query, self.user, kind)
        return self.writing

    @property
    def _content_type(self) -> str:
        return str(self.request.headers.get("Content-Type", ""))

    def _read_object(self) -> Object:
        body = self.request.body
        obj = bodies.parse_object(body, self._content_type, self.kind.kind)
        bodies.check_kind(self.kind, obj, body)
        return obj

    def _writable(self) -> Target:
        target, kind = self.target, self.kind
        known = (*kind.writable_subresources(), "scale", "")
        if not target.name or kind.virtual or target.subresource not in known:
            raise errors.method_not_allowed()
        if kind.namespaced and not self.namespace:
            raise errors.method_not_allowed()
        return target
