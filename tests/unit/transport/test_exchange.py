"""What one request becomes on a bad network: the table of protocol §7.2, over real sockets."""

from __future__ import annotations

import contextlib
import gzip
import logging
import random
import socket
import time

import pytest
import requests
from conftest_path import load

from rollout_sync.errors import OutcomeUnknown, RateLimited, TrackerError, Unavailable, UnexpectedResponse
from rollout_sync.transport import Limits, Phase, Repeat, Transport
from rollout_sync.transport.clock import SystemClock
