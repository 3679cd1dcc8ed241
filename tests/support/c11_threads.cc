// SPDX-License-Identifier: Apache-2.0
// C11 threads, mutexes and condition variables on top of POSIX ones, for the ThreadSanitizer build only.
//
// librdkafka uses C11 threads. GCC 12's ThreadSanitizer does not intercept them, does not know the threads, and crashes.
// In glibc both kinds have the same representation (mtx_t is a pthread_mutex_t), so forwarding is enough. The executable
// must export these functions, so that the library finds them first (-rdynamic, tsan_exports.map).
#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>

namespace {

static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t));

pthread_mutex_t* posix(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* posix(cnd_t* condition) { return reinterpret_cast<pthread_cond_t*>(condition); }

int c11(int error) {
  switch (error) {
    case 0: return thrd_success;
    case EBUSY: return thrd_busy;
    case ETIMEDOUT: return thrd_timedout;
    case ENOMEM: return thrd_nomem;
    default: return thrd_error;
  }
}

struct Start {
  thrd_start_t run;
  void* argument;
};

void* run(void* started) {
  const Start start = *static_cast<Start*>(started);
  delete static_cast<Start*>(started);
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(start.run(start.argument)));
}

}  // namespace

extern "C" {

int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  return c11(pthread_create(thread, nullptr, run, new Start{function, argument}));
}
int thrd_join(thrd_t thread, int* result) {
  void* value = nullptr;
  const int error = pthread_join(thread, &value);
  if (result != nullptr) *result = static_cast<int>(reinterpret_cast<std::intptr_t>(value));
  return c11(error);
}
int thrd_detach(thrd_t thread) { return c11(pthread_detach(thread)); }
thrd_t thrd_current() { return pthread_self(); }

int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if ((type & mtx_recursive) != 0) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  const int error = pthread_mutex_init(posix(mutex), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return c11(error);
}
void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy(posix(mutex)); }
int mtx_lock(mtx_t* mutex) { return c11(pthread_mutex_lock(posix(mutex))); }
int mtx_trylock(mtx_t* mutex) { return c11(pthread_mutex_trylock(posix(mutex))); }
int mtx_unlock(mtx_t* mutex) { return c11(pthread_mutex_unlock(posix(mutex))); }

int cnd_init(cnd_t* condition) { return c11(pthread_cond_init(posix(condition), nullptr)); }
void cnd_destroy(cnd_t* condition) { pthread_cond_destroy(posix(condition)); }
int cnd_signal(cnd_t* condition) { return c11(pthread_cond_signal(posix(condition))); }
int cnd_broadcast(cnd_t* condition) { return c11(pthread_cond_broadcast(posix(condition))); }
int cnd_wait(cnd_t* condition, mtx_t* mutex) { return c11(pthread_cond_wait(posix(condition), posix(mutex))); }
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
  return c11(pthread_cond_timedwait(posix(condition), posix(mutex), until));
}

}  // extern "C"
