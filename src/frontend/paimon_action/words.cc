// SPDX-License-Identifier: Apache-2.0
#include "frontend/paimon_action/words.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace sluice {
namespace {

// Flags of `flink run` (Flink 1.20): what they do there is not needed here, but for -p and -D.
struct Flag {
  std::string_view name;
  bool has_value;
  std::string_view why;  // it has no effect
};
constexpr std::string_view kForeground = "sluice runs in the foreground; a service manager starts it in the background";
constexpr std::string_view kNoCluster = "there is no cluster: the job runs in this process";
constexpr std::string_view kNoJar = "no class is loaded";
constexpr std::string_view kState = "the job goes on from its state directory (--state)";
constexpr Flag kFlags[] = {
    {"-d", false, kForeground}, {"--detached", false, kForeground}, {"-yd", false, kForeground},
    {"--yarndetached", false, kForeground}, {"-sae", false, kForeground},
    {"--shutdownOnAttachedExit", false, kForeground},
    {"-m", true, kNoCluster}, {"--jobmanager", true, kNoCluster}, {"-t", true, kNoCluster},
    {"--target", true, kNoCluster}, {"-e", true, kNoCluster}, {"--executor", true, kNoCluster},
    {"-z", true, kNoCluster}, {"--zookeeperNamespace", true, kNoCluster},
    {"-c", true, kNoJar}, {"--class", true, kNoJar},
    {"-C", true, kNoJar}, {"--classpath", true, kNoJar}, {"-yj", true, kNoJar}, {"--yarnjar", true, kNoJar},
    {"-yt", true, kNoJar}, {"--yarnship", true, kNoJar}, {"-s", true, kState}, {"--fromSavepoint", true, kState},
    {"-n", false, kState}, {"--allowNonRestoredState", false, kState}, {"-rm", true, kState},
    {"--restoreMode", true, kState}, {"-claim", true, kState}, {"--claimMode", true, kState},
    {"-q", false, "there is no such output"}, {"--sysoutLogging", false, "there is no such output"},
    {"-v", false, "--log-level debug says more"}, {"--verbose", false, "--log-level debug says more"},
    {"-yq", false, kNoCluster}, {"--yarnquery", false, kNoCluster}, {"-yid", true, kNoCluster},
    {"--yarnapplicationId", true, kNoCluster}, {"-yjm", true, kNoCluster}, {"--yarnjobManagerMemory", true, kNoCluster},
    {"-ytm", true, kNoCluster}, {"--yarntaskManagerMemory", true, kNoCluster}, {"-ynm", true, kNoCluster},
    {"--yarnname", true, kNoCluster}, {"-yn", true, kNoCluster}, {"--yarncontainer", true, kNoCluster},
    {"-ys", true, kNoCluster}, {"--yarnslots", true, kNoCluster}, {"-yqu", true, kNoCluster},
    {"--yarnqueue", true, kNoCluster}, {"-yz", true, kNoCluster}, {"--yarnzookeeperNamespace", true, kNoCluster},
    {"-yat", true, kNoCluster}, {"--yarnapplicationType", true, kNoCluster}, {"-ynl", true, kNoCluster},
    {"--yarnnodeLabel", true, kNoCluster},
};

bool IsQuote(char c) { return c == '\'' || c == '"'; }

std::string_view Unquoted(std::string_view text) {
  text = Trim(text);
  if (text.size() >= 2 && IsQuote(text.front()) && text.back() == text.front()) {
    text.remove_prefix(1);
    text.remove_suffix(1);
  }
  return text;
}

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      // What is left of a line that was continued: a backslash behind which a blank stands.
      const std::string_view text = Trim(word);
      if (text.empty() || text == "\\") continue;
      words_.emplace_back(text.starts_with('-') ? std::string(text) : word);
    }
  }

  Status Read(bool flink) {
    if (flink) TRY(ReadFlinkFlags());
    while (at_ < words_.size()) TRY(ReadWord());
    return Ok();
  }
  ActionWords out;

 private:
  Status ReadFlinkFlags() {
    for (; at_ < words_.size() && words_[at_].starts_with('-'); ++at_) {
      if (IsOwn(words_[at_])) {
        TRY(ReadOwn());
        continue;
      }
      TRY(ReadFlinkFlag(words_[at_]));
    }
    if (at_ == words_.size() || !Trim(words_[at_]).ends_with(".jar")) {
      if (out.help) return Ok();
      std::string found = at_ < words_.size() ? Str("\"", words_[at_], "\" is no jar") : "the jar is missing";
      return Invalid(Str("flink run: ", found),
                     "write: sluice flink run … paimon-flink-action.jar ACTION --key value …; the jar need not exist");
    }
    ++at_;
    return Ok();
  }

  // -D, -yD and -p, joined with their value or not.
  Status ReadFlinkFlag(const std::string& word) {
    for (std::string_view name : {"-yD", "-D"}) {
      if (word.starts_with(name)) return ReadDefine(name);
    }
    const std::string name = word.substr(0, word.find('='));
    const bool joined = word.size() > 2 && word.starts_with("-p") && word[2] >= '0' && word[2] <= '9';
    if (joined || name == "-p" || name == "-yp" || name == "--parallelism") {
      std::string value = word.substr(2);
      if (!joined) {
        TRY_SET(value, Value(word, name));
      }
      out.defines.emplace_back("parallelism.default", std::move(value));
      return Ok();
    }
    if (word == "-h" || word == "--help") {
      out.help = true;
      return Ok();
    }
    for (const Flag& flag : kFlags) {
      if (flag.name != name) continue;
      if (flag.has_value) TRY(Value(word, name));
      out.notes.push_back(Str("flink run: ", flag.name, " has no effect: ", flag.why));
      return Ok();
    }
    std::vector<std::string> known = {"--parallelism"};
    for (const Flag& flag : kFlags) known.emplace_back(flag.name);
    const std::string nearest = Nearest(name, known);
    return Invalid(Str("flink run has no flag ", name),
                   nearest.empty() ? "leave it out" : Str("did you mean ", nearest, "?"));
  }

  // The text behind '=', or the next word.
  Result<std::string> Value(const std::string& word, const std::string& name) {
    if (word.size() > name.size()) return word.substr(name.size() + 1);
    const bool missing = at_ + 1 == words_.size() || words_[at_ + 1].starts_with("--");
    if (missing) return Invalid(Str(name, " has no value"), Str("write ", name, " VALUE"));
    return words_[++at_];
  }

  Status ReadDefine(std::string_view flag) {
    std::string text = words_[at_].substr(flag.size());
    if (text.empty()) {
      TRY_SET(text, Value(words_[at_], words_[at_]));
    }
    text = WithoutShell(text);
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Invalid(Str("-D ", text, ": not of the form key=value"), "write -D execution.checkpointing.interval=5s");
    }
    out.defines.emplace_back(text.substr(0, equals), WithoutShell(text.substr(equals + 1)));
    return Ok();
  }

  static bool IsOwn(const std::string& word) {
    const std::string name = word.substr(0, word.find('='));
    constexpr std::string_view kOwn[] = {"--state", "--until", "--summary", "--log-format", "--log-level",
                                        "--check", "--verify",  "--wait"};
    return std::find(std::begin(kOwn), std::end(kOwn), name) != std::end(kOwn);
  }

  Status ReadOwn() {
    const std::string word = words_[at_];
    const std::string name = word.substr(0, word.find('='));
    if (name == "--check" || name == "--verify") {
      (name == "--check" ? out.check : out.verify) = true;
      return Ok();
    }
    TRY_SET(const std::string value, Value(word, name));
    std::string& to = name == "--state"        ? out.state
                      : name == "--until"      ? out.until
                      : name == "--summary"    ? out.summary
                      : name == "--log-format" ? out.log_format
                      : name == "--wait"       ? out.wait
                                               : out.log_level;
    to = value;
    if (name == "--until") return OneOf(name, value, {"caught-up"});
    if (name == "--log-format") return OneOf(name, value, {"text", "json"});
    return name == "--log-level" ? OneOf(name, value, {"debug", "info", "warn", "error"}) : Ok();
  }

  static Status OneOf(const std::string& name, const std::string& value, const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), value) != known.end()) return Ok();
    return Invalid(Str(name, " ", value, " is none of ", Join(known, ", ")), Str("write ", name, " ", known[0]));
  }

  Status ReadWord() {
    const std::string word = words_[at_];
    if (IsOwn(word)) {
      TRY(ReadOwn());
    } else if (word == "--help" || word == "-h") {
      out.help = true;
    } else if (word.starts_with("-D")) {
      TRY(ReadDefine("-D"));
    } else if (word.starts_with("-") && word.find_first_not_of('-') != std::string::npos) {
      TRY(ReadKey(word));
    } else if (out.action.empty()) {
      out.action = WithUnderscores(Lower(WithoutShell(word)));
    } else {
      // It may be what a blank left of a password.
      const std::string shown = after_conf_ ? "a word that is not shown here" : Str("the word \"", word, "\"");
      return Invalid(Str(out.action, ": ", shown, " follows no --key"),
                     "write --key value; a value with blanks stands between quotes");
    }
    ++at_;
    return Ok();
  }

  Status ReadKey(const std::string& word) {
    const std::string name = word.substr(0, word.find('='));
    const std::string key = WithUnderscores(name.substr(name.find_first_not_of('-')));
    if (out.action.empty()) {
      return Invalid(Str("the action is missing before ", name), "write: sluice paimon ACTION --key value …");
    }
    TRY_SET(const std::string value, Value(word, name));
    out.values[key].push_back(WithoutShell(value));
    after_conf_ = key.ends_with("_conf");
    return Ok();
  }

  std::vector<std::string> words_;
  size_t at_ = 0;
  bool after_conf_ = false;
};

}  // namespace

std::string WithUnderscores(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

std::string WithoutShell(std::string_view text) {
  std::string out(Unquoted(text));
  for (size_t at = 0; (at = out.find("\\;", at)) != std::string::npos; ++at) out.erase(at, 1);
  return out;
}

Result<ActionWords> ReadActionWords(const std::vector<std::string>& words, bool flink) {
  Reader reader(words);
  TRY(reader.Read(flink));
  return std::move(reader.out);
}

}  // namespace sluice
