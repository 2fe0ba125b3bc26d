"""A CronJob for a cluster, to be read and adapted: image, storage and names are the reader's own. Pure."""

from __future__ import annotations

from rollout_sync.cli.scheduling.job import UNFINISHED, Job, Schedule, ScheduledFile, Scheduler

CONFIG = "/etc/rollout-sync/config.toml"


def schedule(job: Job) -> Schedule:
    """The manifest; it is shown, and applied by a person."""
    return Schedule(
        scheduler=Scheduler.KUBERNETES,
        files=(ScheduledFile(path=None, title="cronjob.yaml", text=manifest(job)),),
        commands=(),
        notes=("change image, names and storage class, then: kubectl apply -f cronjob.yaml",),
    )


def manifest(job: Job) -> str:
    """One run at a time, on a volume that one pod may mount; secrets come from a Secret."""
    return f"{_VOLUME}---\n{_cron_job(job)}"


_VOLUME = """\
# The scheduled run of rollout-sync. Printed by: rollout-sync schedule show --for kubernetes
# Make first: the image; a ConfigMap `rollout-sync` with config.toml, where [ledger] path is in /var/lib/rollout-sync;
# a Secret `rollout-sync` with ROLLOUT_SYNC_JIRA_TOKEN, ROLLOUT_SYNC_GRAPH_SECRET and the like.
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: rollout-sync
spec:
  accessModes: [ReadWriteOncePod] # one writer; a block volume, never a network file system
  resources:
    requests:
      storage: 1Gi
"""


def _cron_job(job: Job) -> str:
    when = "0 * * * *" if job.every == 60 else f"*/{job.every} * * * *"  # noqa: PLR2004 - an hour
    words = f"rollout-sync --log json --verbose --config {CONFIG}"
    return f"""apiVersion: batch/v1
kind: CronJob
metadata:
  name: rollout-sync
spec:
  schedule: "{when}"
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 600
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 0 # the next run goes on
      activeDeadlineSeconds: 3600
      template:
        spec:
          hostname: rollout-sync # a run after a crash is the same machine, and need not wait for a lease to end
          restartPolicy: Never
          terminationGracePeriodSeconds: 90 # SIGTERM ends a run between two requests
          automountServiceAccountToken: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 1000
            fsGroup: 1000
          containers:
            - name: rollout-sync
              image: images.example.com/rollout-sync:latest
              command: ["/bin/sh", "-c"]
              args:
                - |
                  trap 'kill -TERM $!; wait; exit 1' TERM # a shell hands no signal on by itself
                  {words} sync --all-due &
                  wait $! || [ $? -eq {UNFINISHED} ] || exit
                  {words} digest --due &
                  wait $!
              envFrom:
                - secretRef:
                    name: rollout-sync
              securityContext:
                allowPrivilegeEscalation: false
                capabilities:
                  drop: [ALL]
              volumeMounts:
                - name: config
                  mountPath: /etc/rollout-sync
                  readOnly: true
                - name: ledger
                  mountPath: /var/lib/rollout-sync
          volumes:
            - name: config
              configMap:
                name: rollout-sync
            - name: ledger
              persistentVolumeClaim:
                claimName: rollout-sync
"""
