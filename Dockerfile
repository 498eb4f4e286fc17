# One image for the web server, the worker, the beat and the preparation (docker-compose.yml).
FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STATIC_ROOT=/app/var/static \
    MEDIA_ROOT=/app/var/media

WORKDIR /app

COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes --only-binary :all: --requirement requirements.lock

COPY . .

# Files are made while building, as root; the product may write to var/ only. The addresses are
# those of nobody: collecting files asks for settings, not for a database.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin msa \
    && mkdir -p var/media \
    && python -m msa.translations compile \
    && SECRET_KEY=build DATABASE_URL=postgresql:///none REDIS_URL=redis://none \
       python manage.py collectstatic --no-input \
    && chown -R msa var

USER msa
EXPOSE 8000

CMD ["gunicorn", "msa.wsgi", "--bind=0.0.0.0:8000", "--threads=8", "--no-control-socket", \
     "--worker-tmp-dir=/dev/shm", "--access-logfile=-"]
