// SPDX-License-Identifier: Apache-2.0
#include "serve/http/tls_files.h"

#include <stdexcept>

#include "base/metrics.h"
#include "serve/http/tls.h"

namespace freshet::serve {

Result<void> check_tls_files(const TlsOptions& options) {
  Metrics metrics;
  try {
    const Tls tls(options, metrics);
  } catch (const std::runtime_error& error) {
    return Error{Errc::invalid, error.what()};
  }
  return {};
}

}  // namespace freshet::serve
