# The hub in one small image: the same hash-pinned wheels as `make demo`, nobody's root, and nothing in it that a running
# hub writes to. Every process of a hub is this image with another command: serve, relay, consume, or all in one.
ARG PYTHON=python:3.13.14-slim-trixie

FROM ${PYTHON} AS build
RUN python -m venv --without-pip /opt/hub
COPY requirements/run.txt /src/requirements/
RUN pip --python /opt/hub/bin/python install --no-cache-dir --disable-pip-version-check \
    --require-hashes --only-binary :all: -r /src/requirements/run.txt
COPY pyproject.toml README.md LICENSE /src/
COPY hub /src/hub
COPY verifier /src/verifier
RUN pip --python /opt/hub/bin/python install --no-cache-dir --disable-pip-version-check \
    --no-deps --no-build-isolation /src /src/verifier

FROM ${PYTHON}
# Nobody installs anything here any more.
RUN python -m pip uninstall --yes --quiet --root-user-action ignore pip \
 && useradd --system --uid 10001 --user-group --home-dir /srv/hub --shell /usr/sbin/nologin hub \
 && install -d -o hub -g hub -m 0700 /srv/hub/var
COPY --from=build /opt/hub /opt/hub
COPY contracts /srv/hub/contracts
ENV PATH=/opt/hub/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HUB_CONTRACTS_DIR=/srv/hub/contracts
USER hub
WORKDIR /srv/hub
VOLUME /srv/hub/var
EXPOSE 8000
ENTRYPOINT ["hub"]
CMD ["all"]
