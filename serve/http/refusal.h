// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/beast/core/error.hpp>
#include <boost/system/errc.hpp>
#include <cstddef>
#include <optional>

#include "serve/options.h"
#include "serve/routing/message.h"
#include "serve/routing/router.h"

namespace freshet::serve {

// Errors of reading a request beside Beast's and Asio's.
inline constexpr auto kNoMemory = boost::system::errc::not_enough_memory;             // for another body
inline constexpr auto kNoTime = boost::system::errc::resource_unavailable_try_again;  // to decode it

/// The answer to a request that cannot be read; nullopt if the connection has ended, and nobody waits for one.
/// `match`: of the request, `most`: the limit of its body, as far as they are known.
std::optional<ApiResponse> refusal(const boost::beast::error_code& error, const Router::Match& match, std::size_t most,
                                   const Options& options);

}  // namespace freshet::serve
