"""The composition root: settings and secrets in, wired parts out. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from rollout_sync.config import Keystore, Settings
from rollout_sync.config.secrets import SecretPlace, fetch_secret, find_secret
from rollout_sync.config.settings import GraphAuth, JiraSettings, MailChannel, MailSettings, PlannerSettings, Webhook
from rollout_sync.ledger.opening import CommitObserver, Database
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.reconcile.guard import Thresholds
from rollout_sync.sync.run import Step, Timing
from rollout_sync.trackers.base import Tracker
from rollout_sync.trackers.boards import Comments
from rollout_sync.trackers.post import Post
from rollout_sync.transport.allowed import checked_base_url
from rollout_sync.transport.clock import Clock, SystemClock
from rollout_sync.transport.redaction import SECRETS

if TYPE_CHECKING:
    from rollout_sync.sync.announcing import Herald
    from rollout_sync.sync.applying import World
    from rollout_sync.sync.inviting import Secretary
    from rollout_sync.sync.sending import Rules
    from rollout_sync.sync.syncing import Office
    from rollout_sync.trackers.planner.access import GraphAccess
    from rollout_sync.trackers.planner.client import GraphClient
    from rollout_sync.transport import Transport
    from rollout_sync.transport.adapter import Inner, OnAttempt, OnPhase
    from rollout_sync.transport.smtp import OnSmtpPhase, SmtpAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """What tests put in place of the machine: clock, network, and observers of commits and requests.

    `between` is called between two steps of work, in the thread that does them; it raises where the run is to end.
    """

    clock: Clock = field(default_factory=SystemClock)
    inner: Inner | None = None
    on_commit: CommitObserver | None = None
    on_phase: OnPhase | None = None
    on_attempt: OnAttempt | None = None
    on_smtp_phase: OnSmtpPhase = lambda _phase: None
    between: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The program with its settings; everything is made when it is asked for."""

    settings: Settings
    environ: Mapping[str, str]
    keystore: Keystore
    show: Callable[[str], None] | None = None
    edges: Edges = field(default_factory=Edges)

    @property
    def clock(self) -> Clock:
        """The clock of this run."""
        return self.edges.clock

    @contextmanager
    def ledger(self, *, read_only: bool = False) -> Iterator[Database]:
        """The ledger, open for the block."""
        database = Database(self.settings.ledger.path, read_only=read_only, on_commit=self.edges.on_commit)
        try:
            yield database
        finally:
            database.close()

    def trackers(self) -> Mapping[TrackerName, Tracker]:
        """The configured services, on one transport.

        Raises:
            ConfigError: a secret is missing, or an address must not be given a token.
        """
        transport = self._transport()
        found: dict[TrackerName, Tracker] = {}
        if self.settings.jira is not None:
            found[TrackerName.JIRA] = self._jira(self.settings.jira, transport)
        if self.settings.planner is not None:
            from rollout_sync.trackers.planner.tracker import PlannerTracker  # noqa: PLC0415 - msal is slow to load

            access = self._graph_access(self.settings.planner)
            found[TrackerName.PLANNER] = PlannerTracker(access=access, client=self._graph(access, transport))
        return found

    def post(self) -> Post | None:
        """What carries mails; None where the configuration names no channel.

        Raises:
            ConfigError: a secret is missing, or an address must not be given a token.
        """
        mail, planner = self.settings.mail, self.settings.planner
        if mail.channel is MailChannel.SMTP:
            from rollout_sync.transport.smtp import SmtpPost  # noqa: PLC0415 - only a digest sends mails

            return SmtpPost(self._smtp_access(mail), on_phase=self.edges.on_smtp_phase)
        if mail.channel is not MailChannel.GRAPH or planner is None:
            return None
        from rollout_sync.trackers.planner.mailing import GraphMail  # noqa: PLC0415 - only a digest sends mails

        access = self._graph_access(planner)
        client = self._graph(access, self._transport())
        return GraphMail(client, sender=mail.sender, is_person=access.kind.is_person, drafts=mail.drafts)

    def comments(self, trackers: Mapping[TrackerName, Tracker]) -> Comments | None:
        """What shows summaries as comments, over connections that are open; None where Jira is not configured."""
        from rollout_sync.trackers.jira.tracker import JiraTracker  # noqa: PLC0415 - the jira package is slow to load

        jira = trackers.get(TrackerName.JIRA)
        return jira.comments if isinstance(jira, JiraTracker) else None

    def chat(self) -> Post | None:
        """What posts cards to a chat; None where the configuration names none.

        Raises:
            ConfigError: the webhook's address is missing, or leads to somebody else.
        """
        digest = self.settings.digest
        if digest.webhook is Webhook.NONE:
            return None
        from rollout_sync.transport.webhook import WebhookPost, checked_webhook  # noqa: PLC0415 - only a digest posts

        safety = self.settings.safety
        url = checked_webhook(
            self._secret(digest.webhook_url), allow_hosts=safety.allow_hosts, insecure_lab=safety.insecure_lab
        )
        return WebhookPost(self._transport(), url)

    def secretary(self, database: Database) -> Secretary | None:
        """What inviting to training sessions needs; None where the configuration does not ask for invitations.

        Raises:
            ConfigError: a secret is missing, or an address must not be given a token.
        """
        mail, planner = self.settings.mail, self.settings.planner
        if not mail.invitations:
            return None
        from rollout_sync.sync.inviting import Secretary  # noqa: PLC0415 - Jinja2 and numpy are slow to load
        from rollout_sync.trackers.planner.calendars import GraphCalendar  # noqa: PLC0415 - only invitations need it

        calendar = None
        if planner is not None:
            access = self._graph_access(planner)
            client = self._graph(access, self._transport())
            calendar = GraphCalendar(client, own=mail.sender, is_person=access.kind.is_person)
        return Secretary(
            database=database,
            clock=self.clock,
            zone=self.settings.digest.zone,
            calendar=calendar,
            sender=mail,
            has_mail=mail.channel is not MailChannel.NONE,
        )

    def mail_rules(self) -> Rules:
        """How doubtful mails are treated."""
        from rollout_sync.sync.sending import Rules  # noqa: PLC0415 - only a digest sends mails

        return Rules(mode=self.settings.mail.mode, horizon=timedelta(seconds=self.settings.timing.settle_horizon))

    def world(
        self,
        database: Database,
        on_step: Callable[[Step], None],
        settle: float | None = 0.0,
        trackers: Mapping[TrackerName, Tracker] | None = None,
    ) -> World:
        """What applying a plan needs; with `trackers` over connections that are open already."""
        from rollout_sync.sync.applying import World  # noqa: PLC0415 - looking at a ledger needs no World

        return World(
            database=database,
            trackers=trackers if trackers is not None else self.trackers(),
            clock=self.clock,
            timing=self.timing(settle),
            on_step=lambda step: self._step(step, on_step),
        )

    def _step(self, step: Step, on_step: Callable[[Step], None]) -> None:
        on_step(step)
        self.edges.between()

    def office(
        self,
        database: Database,
        *,
        is_full: bool = False,
        is_gone: bool = False,
        on_rollout: Callable[[RolloutId], None] = lambda _rollout: None,
    ) -> Office:
        """What a tick of `sync` needs.

        Args:
            database: the ledger.
            is_full: read everything now, and not only what changed.
            is_gone: a person says that what is missing was deleted, however much it is.
            on_rollout: told of each rollout before it is looked at.
        """
        from rollout_sync.sync.pulling import USUAL, Depth  # noqa: PLC0415 - only a tick pulls
        from rollout_sync.sync.syncing import Office  # noqa: PLC0415 - health loads numpy

        def begin(rollout: RolloutId) -> None:
            self.edges.between()
            on_rollout(rollout)

        world = self.world(database, lambda _step: None)
        return Office(
            world=world,
            thresholds=self.thresholds(),
            herald=self._herald(database, world.trackers),
            depth=Depth(
                full_every=timedelta() if is_full or is_gone else self.settings.sync.full_every,
                most_gone=1.0 if is_gone else USUAL.most_gone,
            ),
            on_rollout=begin,
        )

    def _herald(self, database: Database, trackers: Mapping[TrackerName, Tracker]) -> Herald:
        from rollout_sync.sync.announcing import Herald  # noqa: PLC0415 - only a tick tells people

        return Herald(
            boards=self.settings.digest.boards,
            comments=self.comments(trackers),
            secretary=self.secretary(database),
        )

    def timing(self, settle: float | None = 0.0) -> Timing:
        """The protocol's seconds."""
        timing = self.settings.timing
        return Timing(deadline=timing.deadline, horizon=timing.settle_horizon, settle=settle)

    def thresholds(self) -> Thresholds:
        """The safety thresholds."""
        safety = self.settings.safety
        return Thresholds(max_share=safety.max_share, min_count=safety.min_count, max_create=safety.max_create)

    def _transport(self) -> Transport:
        from rollout_sync.transport import Limits, Transport  # noqa: PLC0415 - requests is slow to load

        return Transport(
            clock=self.clock,
            limits=Limits(deadline=self.settings.timing.deadline),
            inner=self.edges.inner,
            rewrites=self.settings.rewrites,
            on_phase=self.edges.on_phase,
            on_attempt=self.edges.on_attempt,
        )

    def _smtp_access(self, mail: MailSettings) -> SmtpAccess:
        from rollout_sync.transport.smtp import SmtpAccess, SmtpSecurity  # noqa: PLC0415 - only a digest sends mails

        return SmtpAccess(
            host=mail.host,
            port=mail.port,
            security=SmtpSecurity(mail.security.value),
            user=mail.user,
            password=self._secret(mail.password) if mail.user else "",
            deadline=self.settings.timing.deadline,
        )

    def _jira(self, jira: JiraSettings, transport: Transport) -> Tracker:
        from rollout_sync.trackers.jira.client import JiraAccess, TokenKind  # noqa: PLC0415 - jira is slow to load
        from rollout_sync.trackers.jira.tracker import JiraTracker  # noqa: PLC0415 - the same

        access = JiraAccess(
            base_url=self._checked(jira.site, "[jira] site"),
            email=jira.email,
            token=self._secret(jira.token),
            kind=TokenKind(jira.auth.value),
            project=jira.project,
            custom_fields=jira.custom_fields,
            accounts=jira.accounts,
            hold_status=jira.hold_status,
            epic_type=jira.epic_type,
            issue_type=jira.task_type,
        )
        return JiraTracker(access, transport)

    def _graph_access(self, planner: PlannerSettings) -> GraphAccess:
        from rollout_sync.trackers.planner.access import GraphAccess, SignIn  # noqa: PLC0415 - msal is slow to load

        return GraphAccess(
            tenant=planner.tenant,
            client_id=planner.client_id,
            kind=SignIn(planner.auth.value),
            group=planner.group,
            secret=self._secret(planner.secret) if planner.auth is GraphAuth.CLIENT_SECRET else "",
            certificate=planner.certificate,
            thumbprint=planner.thumbprint or "",
            passphrase=self._passphrase(planner),
            authority=self._checked(planner.authority, "[planner] authority"),
            base_url=self._checked(planner.base_url, "[planner] base_url"),
            token_cache=planner.token_cache,
            **self._pages(),
        )

    def _graph(self, access: GraphAccess, transport: Transport) -> GraphClient:
        from rollout_sync.trackers.planner.tracker import graph_client  # noqa: PLC0415 - msal is slow to load

        return graph_client(access, transport=transport, clock=self.clock, show=self.show, on_secret=SECRETS.register)

    def _pages(self) -> Mapping[str, str]:
        """Addresses of plans for people; the sandbox has boards of its own."""
        if not self.settings.sandbox_url:
            return {}
        page = f"{self.settings.sandbox_url}/boards/planner/{{plan}}"
        return {"plan_page": page, "task_page": page + "#{task}"}

    def _checked(self, url: str, key: str) -> str:
        safety = self.settings.safety
        insecure = safety.insecure_lab or self.settings.sandbox_url is not None
        return checked_base_url(url, key=key, allow_hosts=safety.allow_hosts, insecure_lab=insecure)

    def _secret(self, place: SecretPlace) -> str:
        return fetch_secret(place, self.environ, self.keystore).reveal()

    def _passphrase(self, planner: PlannerSettings) -> str:
        if planner.auth is not GraphAuth.CERTIFICATE:
            return ""
        found = find_secret(planner.passphrase, self.environ, self.keystore)
        return found.reveal() if found else ""
