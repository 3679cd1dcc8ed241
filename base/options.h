// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/units.h"

/// Options are described once, beside the struct that holds them: key, range, help. Parsing, checking, printing and
/// the reference come from the description; defaults are those of the struct.
///
///   struct WriterOptions {
///     std::size_t batch_records = 2000;
///     static std::vector<Option<WriterOptions>> describe();
///   };
///   std::vector<Option<WriterOptions>> WriterOptions::describe() {
///     return {option::integer("batch_records", &WriterOptions::batch_records, {1, 100'000}, "Largest number of ...")};
///   }
namespace freshet {

/// A value as a configuration file has it. Durations and sizes are text ("30s", "64MiB").
using OptionValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>, std::vector<double>,
                                 std::map<std::string, std::string>, std::map<std::string, double>>;

/// One thing wrong with an option; or a warning: the value is used, but should be written differently.
struct OptionProblem {
  std::string key;  ///< "port", or "properties.acks": an entry of a table
  std::string message;
  bool warning = false;

  friend bool operator==(const OptionProblem&, const OptionProblem&) = default;
};
using OptionProblems = std::vector<OptionProblem>;

std::string to_string(const OptionProblem& problem);  ///< "port: expected an integer 0 to 65535"

/// Some of these make the options unusable.
bool has_errors(const OptionProblems& problems);

/// One option of the struct S.
template <typename S>
struct Option {
  std::string key;         ///< within S; "tls.key" if it is in a struct within S
  std::string type;        ///< for people: "integer 0 to 65535"
  std::string help;        ///< one or more sentences
  std::string former_key;  ///< still read, with a warning; empty: it has always been called `key`

  /// Null: not a secret. A secret may be given as "$env:NAME" or "$file:PATH"; if this returns true, it must be. The
  /// argument is the name of a table's entry, or empty.
  std::function<bool(std::string_view)> is_secret;

  std::function<OptionValue(const S&)> get;
  /// Changes S if the value can be read and is in range. Texts, lists and tables are left to check(), because a later
  /// source, such as the environment, may replace the value.
  /// REQUIRES: a value of the same alternative as that of get()
  std::function<OptionProblems(S&, const OptionValue&)> set;
  std::function<OptionProblems(const S&)> check;  ///< of the value that S has

  Option formerly(std::string name) && {
    former_key = std::move(name);
    return std::move(*this);
  }
  Option secret(std::function<bool(std::string_view)> must_be_reference = [](std::string_view) { return true; }) && {
    is_secret = std::move(must_be_reference);
    return std::move(*this);
  }
};

/// Judges a member beyond its type; keys are relative to the option: empty, or an entry of a table.
template <typename M>
using OptionRule = std::function<OptionProblems(const M&)>;

struct IntegerRange {
  std::int64_t low, high;
  std::int64_t multiple_of = 1;

  std::string describe() const;
  template <std::integral T>
  bool contains(T value) const {
    const auto wide = static_cast<std::int64_t>(value);
    return std::in_range<std::int64_t>(value) && wide >= low && wide <= high && wide % multiple_of == 0;
  }
};

struct NumberRange {
  double low, high;

  std::string describe() const;
  bool contains(double value) const { return value >= low && value <= high; }
};

struct DurationRange {
  std::chrono::milliseconds low, high;
  std::string_view unit{};  ///< "hours", "seconds": whole ones only

  std::string describe() const;
  bool contains(std::chrono::milliseconds value) const { return value >= low && value <= high; }
};

struct SizeRange {
  std::uint64_t low, high;

  std::string describe() const;
  bool contains(std::uint64_t value) const { return value >= low && value <= high; }
};

namespace option {

inline constexpr std::int64_t kMillion = 1'000'000;
inline constexpr std::uint64_t kKiB = std::uint64_t{1} << 10, kMiB = kKiB << 10, kGiB = kMiB << 10;

namespace detail {

template <typename M>
struct Parsed {
  std::optional<M> value;
  std::string problem;
};

template <typename S, typename M, typename Get, typename Parse>
Option<S> bind(std::string key, M S::*member, std::string type, std::string help, Get get, Parse parse,
               OptionRule<M> rule = {}) {
  Option<S> option{std::move(key), std::move(type), std::move(help), {}, {}, {}, {}, {}};
  option.check = [key = option.key, member, rule](const S& object) {
    OptionProblems problems = rule ? rule(object.*member) : OptionProblems{};
    for (OptionProblem& problem : problems) problem.key = key + (problem.key.empty() ? "" : "." + problem.key);
    return problems;
  };
  option.get = [member, get](const S& object) { return OptionValue(get(object.*member)); };
  option.set = [key = option.key, member, parse, check = option.check](S& object, const OptionValue& value) {
    Parsed<M> parsed = parse(value);
    if (!parsed.value) return OptionProblems{{key, std::move(parsed.problem)}};
    M before = std::exchange(object.*member, std::move(*parsed.value));
    if constexpr (std::ranges::range<M>) return OptionProblems{};
    OptionProblems problems = check(object);
    if (has_errors(problems)) object.*member = std::move(before);
    return problems;
  };
  return option;
}

/// A rule that says `expected` unless the range contains the value.
template <typename M, typename Range>
OptionRule<M> within_range(Range range, std::string expected) {
  return [range, expected](const M& value) {
    return range.contains(value) ? OptionProblems{} : OptionProblems{{"", expected}};
  };
}

}  // namespace detail

template <typename S>
Option<S> flag(std::string key, bool S::*member, std::string help) {
  return detail::bind<S, bool>(
      std::move(key), member, "true or false", std::move(help), [](bool value) { return value; },
      [](const OptionValue& value) { return detail::Parsed<bool>{std::get<bool>(value), {}}; });
}

template <typename S, typename M>
Option<S> integer(std::string key, M S::*member, IntegerRange range, std::string help) {
  const std::string expected = "expected an " + range.describe();
  return detail::bind<S, M>(
      std::move(key), member, range.describe(), std::move(help),
      [](M value) { return static_cast<std::int64_t>(value); },
      [expected](const OptionValue& value) {
        const std::int64_t given = std::get<std::int64_t>(value);
        if (!std::in_range<M>(given)) return detail::Parsed<M>{{}, expected};
        return detail::Parsed<M>{static_cast<M>(given), {}};
      },
      detail::within_range<M>(range, expected));
}

template <typename S>
Option<S> number(std::string key, double S::*member, NumberRange range, std::string help) {
  return detail::bind<S, double>(
      std::move(key), member, range.describe(), std::move(help), [](double value) { return value; },
      [](const OptionValue& value) { return detail::Parsed<double>{std::get<double>(value), {}}; },
      detail::within_range<double>(range, "expected a " + range.describe()));
}

template <typename S, typename M>
Option<S> duration(std::string key, M S::*member, DurationRange range, std::string help) {
  if (M(1) == std::chrono::hours(1)) range.unit = "hours";
  if (M(1) == std::chrono::seconds(1)) range.unit = "seconds";
  const std::string expected = "expected a " + range.describe() + ", such as \"30s\"";
  return detail::bind<S, M>(
      std::move(key), member, range.describe(), std::move(help),
      [](M value) { return format_duration(std::chrono::milliseconds(value)); },
      [range, expected](const OptionValue& value) {
        const auto given = parse_duration(std::get<std::string>(value));
        if (!given) return detail::Parsed<M>{{}, expected};
        const M whole = std::chrono::duration_cast<M>(*given);
        if (whole != *given) return detail::Parsed<M>{{}, "expected whole " + std::string(range.unit)};
        return detail::Parsed<M>{whole, {}};
      },
      detail::within_range<M>(range, expected));
}

template <typename S>
Option<S> size(std::string key, std::size_t S::*member, SizeRange range, std::string help) {
  const std::string expected = "expected a " + range.describe() + ", such as \"64MiB\"";
  return detail::bind<S, std::size_t>(
      std::move(key), member, range.describe(), std::move(help), [](std::size_t value) { return format_size(value); },
      [expected](const OptionValue& value) {
        const auto given = parse_size(std::get<std::string>(value));
        if (!given) return detail::Parsed<std::size_t>{{}, expected};
        return detail::Parsed<std::size_t>{static_cast<std::size_t>(*given), {}};
      },
      detail::within_range<std::size_t>(range, expected));
}

/// Text, or a list or a table of the file, as it is.
template <typename S, typename M>
Option<S> verbatim(std::string key, M S::*member, std::string type, std::string help, OptionRule<M> rule = {}) {
  return detail::bind<S, M>(
      std::move(key), member, std::move(type), std::move(help), [](const M& value) { return value; },
      [](const OptionValue& value) { return detail::Parsed<M>{std::get<M>(value), {}}; }, std::move(rule));
}

template <typename S>
Option<S> text(std::string key, std::string S::*member, std::string help,
               std::type_identity_t<OptionRule<std::string>> rule = {}) {
  return verbatim<S, std::string>(std::move(key), member, "text", std::move(help), std::move(rule));
}

/// A list of numbers above 0, each above the one before.
template <typename S>
Option<S> rising_numbers(std::string key, std::vector<double> S::*member, std::size_t most, std::string help) {
  const std::string type = "list of 1 to " + std::to_string(most) + " numbers above 0 in rising order";
  return verbatim<S, std::vector<double>>(
      std::move(key), member, type, std::move(help), [most, type](const std::vector<double>& values) {
        bool fits = !values.empty() && values.size() <= most;
        double before = 0;
        for (const double value : values) {
          fits = fits && value > before && value <= std::numeric_limits<double>::max();
          before = value;
        }
        return fits ? OptionProblems{} : OptionProblems{{"", "expected a " + type}};
      });
}

template <typename S, typename Enum>
Option<S> choice(std::string key, Enum S::*member,
                 std::type_identity_t<std::vector<std::pair<std::string, Enum>>> choices, std::string help) {
  std::string type;
  for (const auto& [name, value] : choices) type += (type.empty() ? "\"" : " or \"") + name + "\"";
  return detail::bind<S, Enum>(
      std::move(key), member, type, std::move(help),
      [choices](Enum value) {
        return std::ranges::find(choices, value, [](const auto& choice) { return choice.second; })->first;
      },
      [choices, type](const OptionValue& value) {
        for (const auto& [name, meant] : choices) {
          if (name == std::get<std::string>(value)) return detail::Parsed<Enum>{meant, {}};
        }
        return detail::Parsed<Enum>{{}, "expected " + type};
      });
}

}  // namespace option

/// The options of a struct within another. `at` gives the inner one for the outer one, const or not.
/// `former_section`: what the section was called before; empty: it has always been called `section`.
template <typename Outer, typename Inner, typename At>
std::vector<Option<Outer>> within(const std::string& section, At at, const std::vector<Option<Inner>>& inner,
                                  const std::string& former_section = {}) {
  const auto named = [section](OptionProblems problems) {
    for (OptionProblem& problem : problems) problem.key = section + "." + problem.key;
    return problems;
  };
  std::vector<Option<Outer>> outer;
  for (const Option<Inner>& option : inner) {
    Option<Outer> lifted;
    lifted.key = section + "." + option.key;
    lifted.type = option.type;
    lifted.help = option.help;
    if (!former_section.empty()) {
      lifted.former_key = former_section + "." + option.key;
    } else if (!option.former_key.empty()) {
      lifted.former_key = section + "." + option.former_key;
    }
    lifted.is_secret = option.is_secret;
    lifted.get = [at, get = option.get](const Outer& object) { return get(at(object)); };
    lifted.set = [at, named, set = option.set](Outer& object, const OptionValue& value) {
      return named(set(at(object), value));
    };
    lifted.check = [at, named, check = option.check](const Outer& object) { return named(check(at(object))); };
    outer.push_back(std::move(lifted));
  }
  return outer;
}

template <typename Outer, typename Inner>
std::vector<Option<Outer>> within(const std::string& section, Inner Outer::*member) {
  return within<Outer, Inner>(section, [member](auto& object) -> auto& { return object.*member; }, Inner::describe());
}

/// For a struct with a base: its own options, then those of the base.
template <typename S, typename Base>
std::vector<Option<S>> with_base(std::vector<Option<S>> own, const std::vector<Option<Base>>& base) {
  for (const Option<Base>& option : base) {
    own.push_back({option.key, option.type, option.help, option.former_key, option.is_secret, option.get, option.set,
                   option.check});
  }
  return own;
}

template <typename T>
void append(std::vector<T>& to, std::vector<T> more) {
  std::move(more.begin(), more.end(), std::back_inserter(to));
}

/// Everything that is wrong with the values of `object`, each by itself.
template <typename S>
OptionProblems check(const std::vector<Option<S>>& options, const S& object) {
  OptionProblems problems;
  for (const Option<S>& option : options) append(problems, option.check(object));
  return problems;
}

}  // namespace freshet
