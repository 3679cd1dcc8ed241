// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "serve/options.h"

namespace freshet::serve {

/// Whether the server could use these certificate and key.
/// Errors: invalid: "serve.tls.key: FILE cannot be used: ...".
Result<void> check_tls_files(const TlsOptions& options);

}  // namespace freshet::serve
