/* What of the C library must work before, beside and after the interpreter: versions, start and end, errors, memory.
 * Everything else is generated gates (build.py) over functions of biocore_bindings.embedded. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "biocore.h"
#include "runtime.h"

#define MOST_PATH 4096       /* bytes */
#define PATIENCE_MS 5000     /* that shutdown waits for other calls; cancelling takes a device a second at most */
#define VARIABLE "BIOCORE_ENVIRONMENT"

static pthread_mutex_t turning = PTHREAD_MUTEX_INITIALIZER; /* init or shutdown */
static atomic_int ready;                                    /* calls may enter */
static atomic_int running;                                  /* calls that have entered */
static _Thread_local int depth;                             /* of calls in this thread: a listener's are inside one */

/* -- the calling thread's last error ------------------------------------------------------------------------ */

static _Thread_local struct {
    biocore_error error;
    char name[64], message[2048], device[512], state[64], hint[1024], file[1024];
} last;

/* Copy a text, cut where it is too long, but never within a character. */
static const char *kept(char *to, size_t room, const char *text)
{
    size_t length = text == NULL ? 0 : strlen(text);
    if (length >= room)
        for (length = room - 1; length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80; length--) {
        }
    if (length > 0)
        memcpy(to, text, length);
    to[length] = '\0';
    return to;
}

int32_t library_keep_error(int32_t code, const char *name, const char *message, const char *device, const char *state,
                           const char *hint, const char *file, int64_t offset)
{
    last.error.struct_size = sizeof(biocore_error);
    last.error.code = code;
    last.error.name = kept(last.name, sizeof last.name, name);
    last.error.message = kept(last.message, sizeof last.message, message);
    last.error.device = kept(last.device, sizeof last.device, device);
    last.error.state = kept(last.state, sizeof last.state, state);
    last.error.hint = kept(last.hint, sizeof last.hint, hint);
    last.error.file = kept(last.file, sizeof last.file, file);
    last.error.offset = offset;
    return code;
}

static int32_t fail(int32_t code, const char *name, const char *message)
{
    return library_keep_error(code, name, message, NULL, NULL, NULL, NULL, -1);
}

static int32_t succeed(void)
{
    return fail(BIOCORE_OK, "", "");
}

const biocore_error *biocore_last_error(void)
{
    if (last.error.struct_size == 0) /* this thread's first call of all */
        succeed();
    return &last.error;
}

/* -- what needs no interpreter ------------------------------------------------------------------------------ */

uint32_t biocore_abi_version(void)
{
    return BIOCORE_ABI_VERSION;
}

const char *biocore_version(void)
{
    return BUILT_VERSION;
}

const char *biocore_code_name(int32_t code)
{
    switch (code) {
#define CODE(name) \
    case name: \
        return #name;
        BIOCORE_CODES(CODE)
#undef CODE
    }
    return "";
}

void *library_new_block(size_t size)
{
    return calloc(1, size);
}

void biocore_free(void *block)
{
    free(block);
}

/* -- gates -------------------------------------------------------------------------------------------------- */

int library_enter(void)
{
    atomic_fetch_add(&running, 1); /* before the look at `ready`: shutdown looks the other way round */
    if (!atomic_load(&ready)) {
        atomic_fetch_sub(&running, 1);
        fail(BIOCORE_ERROR_NOT_INITIALISED, "NotInitialised", "call biocore_init() first");
        return 0;
    }
    depth++;
    succeed();
    return 1;
}

int32_t library_leave(int32_t code)
{
    depth--;
    atomic_fetch_sub(&running, 1);
    return code;
}

/* -- start and end ------------------------------------------------------------------------------------------ */

static int32_t environment_is_good(const char *environment)
{
    char path[MOST_PATH], text[MOST_PATH + 256];
    struct stat found;
    snprintf(path, sizeof path, "%s/bin/python3", environment);
    if (strlen(environment) >= MOST_PATH - 64 || stat(path, &found) != 0) {
        snprintf(text, sizeof text, "%s is no environment that biocore is installed in: it has no bin/python3", environment);
        return fail(BIOCORE_ERROR_START, "StartError", text);
    }
    snprintf(path, sizeof path, "%s/lib/python%d.%d", environment, PY_MAJOR_VERSION, PY_MINOR_VERSION);
    if (stat(path, &found) != 0) {
        snprintf(text, sizeof text, "%s is not of Python %d.%d, which this library was built for; build it anew from there",
                 environment, PY_MAJOR_VERSION, PY_MINOR_VERSION);
        return fail(BIOCORE_ERROR_START, "StartError", text);
    }
    return BIOCORE_OK;
}

/* Start the interpreter, with the GIL released again. */
static int32_t start_interpreter(const char *environment)
{
    char path[MOST_PATH];
    PyPreConfig before;
    PyConfig config;
    PyStatus status;
    int32_t code = environment_is_good(environment);
    if (code != BIOCORE_OK)
        return code;
    /* Compiled modules find the interpreter among the global symbols; whoever loads this library by dlopen() or from
     * a virtual machine does not put them there. */
    dlopen(LIBPYTHON, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);

    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    status = Py_PreInitialize(&before);
    if (PyStatus_Exception(status))
        return fail(BIOCORE_ERROR_START, "StartError", status.err_msg);
    PyConfig_InitIsolatedConfig(&config); /* no signal handlers, no variables, nothing of the user's own */
    snprintf(path, sizeof path, "%s/bin/python3", environment);
    status = PyConfig_SetBytesString(&config, &config.program_name, path);
    if (!PyStatus_Exception(status))
        status = PyConfig_SetBytesString(&config, &config.executable, path);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status))
        return fail(BIOCORE_ERROR_START, "StartError", status.err_msg != NULL ? status.err_msg : "the interpreter does not start");
    (void)PyEval_SaveThread();
    return BIOCORE_OK;
}

/* The one thing that the generated code cannot say for itself, as it is written on it. */
static int32_t find_cffi(const char *environment)
{
    char text[MOST_PATH + 256];
    PyGILState_STATE held = PyGILState_Ensure();
    PyObject *module = PyImport_ImportModule("_cffi_backend");
    int found = module != NULL;
    Py_XDECREF(module);
    PyErr_Clear();
    PyGILState_Release(held);
    if (found)
        return BIOCORE_OK;
    snprintf(text, sizeof text, "cffi is not installed in %s: pip install 'biocore[embed]'", environment);
    return fail(BIOCORE_ERROR_START, "StartError", text);
}

/* Close what is open. Afterwards no thread of the interpreter's runs any more, while libraries are taken down. */
static void at_exit(void)
{
    if (!Py_IsInitialized()) /* the program is itself one of Python, and has ended it */
        return;
    if (atomic_exchange(&ready, 0))
        engine_stop();
    (void)PyGILState_Ensure();
}

static int32_t start(const char *environment)
{
    static int registered;
    int32_t answered = 0, code = BIOCORE_OK;
    if (environment == NULL)
        environment = getenv(VARIABLE);
    if (environment == NULL || *environment == '\0')
        environment = BUILT_ENVIRONMENT;
    if (!Py_IsInitialized())
        code = start_interpreter(environment);
    if (code == BIOCORE_OK)
        code = find_cffi(environment);
    if (code == BIOCORE_OK) {
        code = engine_start(BIOCORE_ABI_VERSION, BUILT_VERSION, &answered);
        if (!answered)
            code = fail(BIOCORE_ERROR_START, "StartError", "the interpreter does not answer; standard error says why");
    }
    if (code == BIOCORE_OK && !registered)
        registered = atexit(at_exit) == 0; /* after what the engine has loaded: it runs before that is taken down */
    return code;
}

int32_t biocore_init(uint32_t abi, const char *environment)
{
    int32_t code;
    char text[128];
    if (abi != BIOCORE_ABI_VERSION) {
        snprintf(text, sizeof text, "the program is compiled for ABI %u, the library has %u", (unsigned)abi,
                 (unsigned)BIOCORE_ABI_VERSION);
        return fail(BIOCORE_ERROR_ABI, "AbiError", text);
    }
    succeed();
    pthread_mutex_lock(&turning);
    code = atomic_load(&ready) ? BIOCORE_OK : start(environment);
    if (code == BIOCORE_OK)
        atomic_store(&ready, 1);
    pthread_mutex_unlock(&turning);
    return code;
}

/* Wait until no call runs; return whether that came. */
static int all_have_left(void)
{
    const struct timespec moment = {0, 1000000};
    for (int waited = 0; atomic_load(&running) > 0; waited++) {
        if (waited >= PATIENCE_MS)
            return 0;
        nanosleep(&moment, NULL);
    }
    return 1;
}

int32_t biocore_shutdown(void)
{
    int32_t code;
    if (depth > 0)
        return fail(BIOCORE_ERROR_RUNNING, "RunningError", "a listener cannot end the library that is calling it");
    pthread_mutex_lock(&turning);
    if (!atomic_exchange(&ready, 0)) {
        code = fail(BIOCORE_ERROR_NOT_INITIALISED, "NotInitialised", "call biocore_init() first");
    } else {
        succeed();
        engine_cancel();
        if (all_have_left()) {
            code = engine_stop();
        } else {
            atomic_store(&ready, 1);
            code = fail(BIOCORE_ERROR_RUNNING, "RunningError", "other calls are still running");
        }
    }
    pthread_mutex_unlock(&turning);
    return code;
}
