"""The queues, and the function that RQ calls for each."""

JOB_FUNCTIONS = {
    "document_processing": "infrastructure.queue.jobs.process_document_job",
    "cleanup_tasks": "infrastructure.queue.jobs.cleanup_task_job",
    "long_operations": "infrastructure.queue.jobs.operation_job",
    "artifacts": "infrastructure.queue.jobs.artifact_job",
    "callbacks": "infrastructure.queue.jobs.callback_job",
}
QUEUES = tuple(JOB_FUNCTIONS)
