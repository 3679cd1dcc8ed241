// SPDX-License-Identifier: Apache-2.0
// The mutexes and condition variables of libraries, for the ThreadSanitizer build only.
//
// tests/tsan.supp has ThreadSanitizer take no note of what some libraries do (called_from_lib). That leaves out their
// mutexes too, so whatever RocksDB's threads read in a callback seemed to race with its deletion once RocksDB is closed.
// A call from here is none of a library. The executable must export these functions, so that libraries find them first
// (-rdynamic, tsan_exports.map).
#include <pthread.h>
#include <time.h>

// `name` calls what ThreadSanitizer has in its place. The call is not the last thing that the instrumented function does,
// so the caller's address is in the executable.
#define FRESHET_SEE(name, parameters, arguments) \
  int __interceptor_##name parameters;           \
  int name parameters { return __interceptor_##name arguments; }

extern "C" {

FRESHET_SEE(pthread_mutex_init, (pthread_mutex_t * mutex, const pthread_mutexattr_t* attributes), (mutex, attributes))
FRESHET_SEE(pthread_mutex_destroy, (pthread_mutex_t * mutex), (mutex))
FRESHET_SEE(pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
FRESHET_SEE(pthread_mutex_trylock, (pthread_mutex_t * mutex), (mutex))
FRESHET_SEE(pthread_mutex_timedlock, (pthread_mutex_t * mutex, const timespec* until), (mutex, until))
FRESHET_SEE(pthread_mutex_unlock, (pthread_mutex_t * mutex), (mutex))

FRESHET_SEE(pthread_cond_init, (pthread_cond_t * condition, const pthread_condattr_t* attributes),
            (condition, attributes))
FRESHET_SEE(pthread_cond_destroy, (pthread_cond_t * condition), (condition))
FRESHET_SEE(pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t* mutex), (condition, mutex))
FRESHET_SEE(pthread_cond_timedwait, (pthread_cond_t * condition, pthread_mutex_t* mutex, const timespec* until),
            (condition, mutex, until))
FRESHET_SEE(pthread_cond_clockwait,
            (pthread_cond_t * condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until),
            (condition, mutex, clock, until))
FRESHET_SEE(pthread_cond_signal, (pthread_cond_t * condition), (condition))
FRESHET_SEE(pthread_cond_broadcast, (pthread_cond_t * condition), (condition))

FRESHET_SEE(pthread_rwlock_init, (pthread_rwlock_t * lock, const pthread_rwlockattr_t* attributes), (lock, attributes))
FRESHET_SEE(pthread_rwlock_destroy, (pthread_rwlock_t * lock), (lock))
FRESHET_SEE(pthread_rwlock_rdlock, (pthread_rwlock_t * lock), (lock))
FRESHET_SEE(pthread_rwlock_tryrdlock, (pthread_rwlock_t * lock), (lock))
FRESHET_SEE(pthread_rwlock_wrlock, (pthread_rwlock_t * lock), (lock))
FRESHET_SEE(pthread_rwlock_trywrlock, (pthread_rwlock_t * lock), (lock))
FRESHET_SEE(pthread_rwlock_unlock, (pthread_rwlock_t * lock), (lock))

}  // extern "C"
