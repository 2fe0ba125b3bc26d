"""Being asked to end: at once before the first write, between requests after it, and at once the second time."""

from __future__ import annotations

import json
import os
import signal
import threading

import pytest

from rollout_sync.app import Edges
from rollout_sync.cli import group
from rollout_sync.cli.answer import Answer, Status
from rollout_sync.cli.command import Command
from rollout_sync.cli.stopping import SIGNALS, Stop, StoppingClock, listening
from rollout_sync.errors import NotFinished, Stopped, Unavailable
from rollout_sync.transport import Phase

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are sent to this process")


class CountingClock:
    """Time that passes when it is slept."""

    def __init__(self, on_sleep=lambda: None):
        self.slept = []
        self.on_sleep = on_sleep

    def now(self):
        raise NotImplementedError

    def monotonic(self):
        return sum(self.slept)

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.on_sleep()


@pytest.fixture
def careful():
    stop = Stop()
    stop.on_commit("before-commit")
    return stop


class TestStop:
    def test_before_the_first_write_it_ends_wherever_it_is(self):
        with pytest.raises(KeyboardInterrupt):
            Stop().ask(signal.SIGTERM)

    def test_after_it_the_work_goes_on_to_the_next_check(self, careful):
        careful.check()
        careful.ask(signal.SIGTERM)
        assert not careful.was_heeded
        with pytest.raises(Stopped):
            careful.check()
        assert careful.was_heeded

    @pytest.mark.parametrize("phase", list(Phase))
    def test_no_request_begins_and_none_is_cut_off(self, careful, phase):
        careful.ask(signal.SIGTERM)
        if phase in {Phase.BEFORE_CONNECT, Phase.BEFORE_SEND}:
            with pytest.raises(Stopped):
                careful.on_phase(phase, None)
        else:
            careful.on_phase(phase, None)

    def test_a_stopped_request_is_one_that_surely_had_no_effect(self):
        assert issubclass(Stopped, Unavailable)

    def test_the_edges_are_watched(self, careful):
        edges = careful.over(Edges())
        careful.ask(signal.SIGTERM)
        for call in (edges.between, lambda: edges.clock.sleep(1), lambda: edges.on_phase(Phase.BEFORE_SEND, None)):
            with pytest.raises(Stopped):
                call()

    def test_writing_makes_a_run_careful(self):
        stop = Stop()
        stop.over(Edges()).on_commit("before-commit")
        stop.ask(signal.SIGTERM)
        assert stop.signal == signal.SIGTERM


class TestClock:
    def test_it_sleeps_as_long_as_asked(self, careful):
        clock = CountingClock()
        StoppingClock(clock, careful).sleep(1.1)
        assert sum(clock.slept) == pytest.approx(1.1)

    def test_it_wakes_up_soon(self, careful):
        clock = CountingClock(on_sleep=lambda: careful.ask(signal.SIGTERM))
        with pytest.raises(Stopped):
            StoppingClock(clock, careful).sleep(120)
        assert sum(clock.slept) < 1


class TestListening:
    @pytest.mark.parametrize("number", SIGNALS)
    def test_signals_reach_the_stop_and_all_is_as_before_afterwards(self, careful, number):
        before = signal.getsignal(number)
        try:
            signal.signal(number, signal.default_int_handler)
            with listening(careful):
                os.kill(os.getpid(), number)
            assert careful.signal == number
            assert signal.getsignal(number) is signal.default_int_handler
        finally:
            signal.signal(number, before)

    def test_the_second_one_leaves_at_once(self, careful):
        left = []
        with listening(careful, left.append):
            os.kill(os.getpid(), signal.SIGTERM)
            assert left == []
            os.kill(os.getpid(), signal.SIGTERM)
        assert left == [signal.SIGTERM]

    def test_what_was_ignored_stays_ignored(self, careful):
        before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            with listening(careful):
                os.kill(os.getpid(), signal.SIGTERM)
            assert careful.signal == 0
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        finally:
            signal.signal(signal.SIGTERM, before)

    def test_other_threads_do_not_listen(self, careful):
        seen = []

        def body():
            with listening(careful):
                seen.append(signal.getsignal(signal.SIGTERM))

        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        assert seen == [signal.getsignal(signal.SIGTERM)]


@pytest.fixture
def pretend(monkeypatch):
    """A command whose work is a function of its invocation."""

    def put(work):
        @group.click.command(cls=Command, example="rollout-sync pretend")
        @group.click.pass_obj
        def command(invocation):
            return work(invocation)

        monkeypatch.setitem(group.COMMANDS, "pretend", ("pretended", "Pretend."))
        monkeypatch.setattr(group, "import_module", lambda _name: type("Module", (), {"command": command}))

    return put


class TestDoor:
    def test_a_signal_before_the_first_write(self, call, pretend):
        pretend(lambda _invocation: os.kill(os.getpid(), signal.SIGTERM))
        done = call("pretend")
        assert done.exit_code == 4
        assert "error: Stopped safely: run the same command again." in done.stderr

    def test_ctrl_c_has_its_own_code(self, call, pretend):
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored
        try:
            pretend(lambda _invocation: os.kill(os.getpid(), signal.SIGINT))
            assert call("pretend").exit_code == 130
        finally:
            signal.signal(signal.SIGINT, before)

    def test_what_was_done_until_then_is_told(self, call, pretend):
        def work(invocation):
            invocation.stop.is_careful = True
            os.kill(os.getpid(), signal.SIGTERM)
            with pytest.raises(Stopped):
                invocation.stop.check()
            return Answer(result={"sent": 3}, text=lambda _result, screen: screen.line("3 sent"))

        pretend(work)
        done = call("pretend")
        assert (done.exit_code, done.stdout) == (4, "3 sent\n")
        assert "Stopped safely" in done.stderr
        body = json.loads(call("pretend", "--json").stdout)
        assert (body["exit_code"], body["result"], body["errors"][0]["code"]) == (4, {"sent": 3}, "interrupted")

    def test_an_error_that_follows_from_stopping_is_told_as_such(self, call, pretend):
        def work(invocation):
            invocation.stop.is_careful = True
            os.kill(os.getpid(), signal.SIGTERM)
            with pytest.raises(Stopped):
                invocation.stop.check()
            raise NotFinished("a consequence")

        pretend(work)
        done = call("pretend")
        assert done.exit_code == 4
        assert "a consequence" not in done.stderr

    def test_a_run_that_was_done_before_it_noticed_is_done(self, call, pretend):
        def work(invocation):
            invocation.stop.is_careful = True
            os.kill(os.getpid(), signal.SIGTERM)
            return Answer(result=None, text=lambda _result, screen: screen.line("done"), status=Status.DONE)

        pretend(work)
        assert call("pretend").exit_code == 0
