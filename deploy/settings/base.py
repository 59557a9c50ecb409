"""Settings of every installation. Only this file and `environment.py` read the environment."""

import warnings
from pathlib import Path

from audit.log.keyfiles import secret_text
from deploy.homes import is_demo_home
from deploy.logs import LOGGERS
from deploy.settings.environment import database, env_bool, env_int, env_text

BASE_DIR = Path(__file__).resolve().parent.parent.parent

RADVIGIL_HOME = Path(env_text("RADVIGIL_HOME", default=str(BASE_DIR / "var"))).resolve()
RADVIGIL_INSTALLATION = env_text("RADVIGIL_INSTALLATION", default="radvigil.local")
RADVIGIL_DEMO = env_bool("RADVIGIL_DEMO", default=is_demo_home(RADVIGIL_HOME))
# Where the keys that sign the logs lie: file, environment (RADVIGIL_LOG_SECRETS=NAME=HEX,…) or pkcs11.
RADVIGIL_LOG_KEYS = env_text("RADVIGIL_LOG_KEYS", default="file")
RADVIGIL_LOG_SECRETS = env_text("RADVIGIL_LOG_SECRETS", default="")
RADVIGIL_PKCS11_MODULE = env_text("RADVIGIL_PKCS11_MODULE", default="")
RADVIGIL_PKCS11_TOKEN = env_text("RADVIGIL_PKCS11_TOKEN", default="")
RADVIGIL_PKCS11_PIN = env_text("RADVIGIL_PKCS11_PIN", default="")
# An RFC 3161 server that stamps checkpoints, and the PEM file of the roots that are trusted for it.
RADVIGIL_TIME_STAMP_URL = env_text("RADVIGIL_TIME_STAMP_URL", default="")
RADVIGIL_TIME_STAMP_ROOTS = env_text("RADVIGIL_TIME_STAMP_ROOTS", default="")
# Single sign-on by OpenID Connect; off without an issuer. See docs/access.md.
RADVIGIL_OIDC_ISSUER = env_text("RADVIGIL_OIDC_ISSUER", default="")
RADVIGIL_OIDC_CLIENT = env_text("RADVIGIL_OIDC_CLIENT", default="")
RADVIGIL_OIDC_SECRET = env_text("RADVIGIL_OIDC_SECRET", default="")
RADVIGIL_OIDC_NAME = env_text("RADVIGIL_OIDC_NAME", default="single sign-on")
RADVIGIL_OIDC_SCOPE = env_text("RADVIGIL_OIDC_SCOPE", default="openid profile")
RADVIGIL_OIDC_GROUPS_CLAIM = env_text("RADVIGIL_OIDC_GROUPS_CLAIM", default="groups")
# Values of `amr` or `acr` by which the provider says that a second factor was shown there.
RADVIGIL_OIDC_FACTORS = env_text("RADVIGIL_OIDC_FACTORS", default="mfa").split()
RADVIGIL_OIDC_GRANTS = env_text("RADVIGIL_OIDC_GRANTS", default="")  # a JSON file: group → grants
RADVIGIL_PIXELS = RADVIGIL_HOME / "pixels"
RADVIGIL_WEIGHTS = RADVIGIL_HOME / "weights"

DEBUG = False
SECRET_KEY = secret_text(RADVIGIL_HOME, "django")
ALLOWED_HOSTS = env_text("RADVIGIL_HOSTS", default="127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [each for each in env_text("RADVIGIL_ORIGINS", default="").split(",") if each]

DATABASE_URLS = {
    "default": env_text("RADVIGIL_DATABASE_URL", default="postgresql:///radvigil"),
    "owner": env_text("RADVIGIL_DATABASE_OWNER_URL", default=""),
    "sequencer": env_text("RADVIGIL_DATABASE_SEQUENCER_URL", default=""),
}
# A web server is given the application's address alone; it can then neither migrate nor give entries a position.
DATABASES = {alias: database(url) for alias, url in DATABASE_URLS.items() if url}
SEQUENCER_DATABASE = "sequencer"
# Guard migrations grant to these roles; their names are the users of the addresses above.
RADVIGIL_ROLES = {
    role: DATABASES.get(alias, {}).get("USER") or f"radvigil_{name}"
    for role, alias, name in (
        ("owner", "owner", "owner"),
        ("sequencer", "sequencer", "sequencer"),
        ("application", "default", "app"),
    )
}
CELERY_BROKER_URL = env_text("RADVIGIL_REDIS_URL", default="redis://127.0.0.1:6379/0")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django_htmx",
    "axes",
    "audit",
    "inference",
    "monitoring",
    "deploy",
]
AUTH_USER_MODEL = "audit.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "access:log_in"
CSRF_FAILURE_VIEW = "audit.access.refusals.forged_form"
LOGIN_REDIRECT_URL = "/"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "deploy.headers.security_headers",
    "deploy.addresses.refuse_zero_bytes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "audit.access.refusals.LogRefusals",
    "audit.access.exports.log_exports",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "audit.access.limits.hold_to_limits",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "deploy.urls"
WSGI_APPLICATION = "deploy.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "deploy.navigation.frame",
            ],
        },
    },
]

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "deploy.static_files.PlotlyFinder",
]
WHITENOISE_USE_FINDERS = True  # served from where they lie: nothing to collect before the first start

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Behind a proxy that ends TLS and sets X-Forwarded-Proto itself (deploy/nginx.conf).
RADVIGIL_TLS = env_bool("RADVIGIL_TLS", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if RADVIGIL_TLS else None
SECURE_SSL_REDIRECT = RADVIGIL_TLS
SECURE_HSTS_SECONDS = 31_536_000 if RADVIGIL_TLS else 0
# False where names below this host's are served without TLS.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env_bool("RADVIGIL_HSTS_SUBDOMAINS", default=RADVIGIL_TLS)
SECURE_HSTS_PRELOAD = SECURE_HSTS_INCLUDE_SUBDOMAINS
SESSION_ENGINE = "audit.access.session_store"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = RADVIGIL_TLS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True  # the token is in the page, where htmx takes it from
# A cookie with this prefix is taken by browsers over TLS and from this host alone, for all of its paths.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = (
    ("__Host-sessionid", "__Host-csrftoken") if RADVIGIL_TLS else ("sessionid", "csrftoken")
)
SESSION_COOKIE_SAMESITE = "Lax"  # not Strict: single sign-on leads back from another site
CSRF_COOKIE_SAMESITE = "Strict"
RADVIGIL_SESSION_IDLE_MINUTES = env_int("RADVIGIL_SESSION_IDLE_MINUTES", default=30)
RADVIGIL_SESSION_HOURS = env_int("RADVIGIL_SESSION_HOURS", default=12)
SESSION_COOKIE_AGE = RADVIGIL_SESSION_HOURS * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# The roles that log in with a second factor; an organisation can ask it of more.
RADVIGIL_SECOND_FACTOR_ROLES = env_text(
    "RADVIGIL_SECOND_FACTOR_ROLES", default="administrator resolver" if RADVIGIL_TLS else ""
).split()
RADVIGIL_PASSWORD_DAYS = env_int("RADVIGIL_PASSWORD_DAYS", default=0)  # 0: good until it is changed
RADVIGIL_LOGIN_FAILURES_OF_A_NAME = env_int("RADVIGIL_LOGIN_FAILURES_OF_A_NAME", default=100)  # an hour, from anywhere
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
AXES_VERBOSE = False
AXES_FAILURE_LIMIT = env_int("RADVIGIL_LOGIN_FAILURES", default=5)
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "audit.access.attempts.counted_name"
AXES_CLIENT_IP_CALLABLE = "audit.access.attempts.client_address"
AXES_SENSITIVE_PARAMETERS = ["username", "next", "csrfmiddlewaretoken"]
AXES_DISABLE_ACCESS_LOG = True  # the log has it, without addresses
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "audit/access/locked.html"
AXES_HTTP_RESPONSE_CODE = 429
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "printed_name")},
    },
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
RADVIGIL_LARGEST_REQUEST = env_int("RADVIGIL_LARGEST_REQUEST", default=32 * 1024 * 1024)  # bytes of one intake request
RADVIGIL_LARGEST_STREAM = env_int(
    "RADVIGIL_LARGEST_STREAM", default=8 * 1024**3
)  # bytes of one intake request of lines
RADVIGIL_KEEP_ASIDE_DAYS = env_int("RADVIGIL_KEEP_ASIDE_DAYS", default=90)  # quarantined rows, messages as they came
RADVIGIL_REQUESTS_PER_MINUTE = env_int("RADVIGIL_REQUESTS_PER_MINUTE", default=30_000)  # of one token, in each process

# A language model inside the hospital that labels reports; off without an address, and at each site until switched on.
RADVIGIL_LANGUAGE_MODEL_URL = env_text("RADVIGIL_LANGUAGE_MODEL_URL", default="")
RADVIGIL_LANGUAGE_MODEL = env_text("RADVIGIL_LANGUAGE_MODEL", default="")
RADVIGIL_LANGUAGE_MODEL_KEY = env_text("RADVIGIL_LANGUAGE_MODEL_KEY", default="")

CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

warnings.filterwarnings("ignore", module="pydicom")  # they quote values, and would stand in the log of a service
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"without paths": {"()": "deploy.logs.WithoutPaths"}, "silence": {"()": "deploy.logs.Silence"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": LOGGERS,
    "root": {"handlers": ["console"], "level": "INFO"},
}
