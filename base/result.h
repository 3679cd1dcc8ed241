// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace freshet {

/// The kinds of run-time errors. Closed on purpose: adding one is a design decision.
enum class Errc {
  invalid,        ///< the caller's input is wrong; retrying does not help
  not_found,      ///< no such user, item, ...
  corrupt,        ///< stored bytes do not match their checksum or format
  overloaded,     ///< a bounded queue or limit is full; retry later
  timed_out,      ///< the deadline passed first
  unavailable,    ///< a broker, a disk or another component cannot be used now; retry later
  shutting_down,  ///< the service is stopping
};

std::string_view to_string(Errc code);

/// An error with a message that tells a person what to do (lower case, no full stop).
struct Error {
  Errc code = Errc::invalid;
  std::string message;
};

/// A value or an Error. The names are those of C++23's std::expected, which can replace it one day:
///   Result<Positions> parsed = parse_token(token);
///   if (!parsed) return parsed.error();
///   use(*parsed);
/// Threads: as the value.
/// Errors:  value() of an error, and error() of a value, are bugs and abort.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    FRESHET_CHECK(has_value());
    return std::get<0>(state_);
  }
  const T& value() const& {
    FRESHET_CHECK(has_value());
    return std::get<0>(state_);
  }
  T&& value() && {
    FRESHET_CHECK(has_value());
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    FRESHET_CHECK(!has_value());
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : failed_(true), error_(std::move(error)) {}  // NOLINT: implicit by design

  bool has_value() const { return !failed_; }
  explicit operator bool() const { return has_value(); }
  const Error& error() const {
    FRESHET_CHECK(failed_);
    return error_;
  }

 private:
  bool failed_ = false;
  Error error_;
};

}  // namespace freshet
