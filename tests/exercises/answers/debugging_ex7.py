# %% partial | another error of the bank: the interrupt is raised again, and every other error is closed
from langgraph.errors import GraphInterrupt

clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    try:
        if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
            return {"status": "refused"}
        pay(refund["amount"])
        return {"status": "paid"}
    except GraphInterrupt:
        raise
    except Exception:
        return {"status": "the bank is closed"}
# %% passed: only the bank's error is caught
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    try:
        if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
            return {"status": "refused"}
        pay(refund["amount"])
        return {"status": "paid"}
    except ConnectionError:
        return {"status": "the bank is closed"}
# %% partial | the owner is asked, and says yes; the owner says no; two refunds wait; the bank is closed; another error of the bank: still swallowed
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    try:
        if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
            return {"status": "refused"}
        pay(refund["amount"])
        return {"status": "paid"}
    except Exception as error:
        return {"status": f"the bank is closed: {error}"}
# %% partial | the bank is closed: nothing is caught any more
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
        return {"status": "refused"}
    pay(refund["amount"])
    return {"status": "paid"}
# %% partial | the owner is asked, and says yes; the owner says no; two refunds wait; the bank is closed: pays first
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    try:
        pay(refund["amount"])
    except ConnectionError:
        return {"status": "the bank is closed"}
    if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
        return {"status": "refused"}
    return {"status": "paid"}
# %% partial | the owner says no; two refunds wait: does not look at the answer
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    interrupt(f"Refund {refund['amount']:.0f} euros?")
    try:
        pay(refund["amount"])
    except ConnectionError:
        return {"status": "the bank is closed"}
    return {"status": "paid"}
# %% partial | the owner is asked, and says yes; the owner says no; two refunds wait; the bank is closed: asks nobody
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    try:
        pay(refund["amount"])
    except ConnectionError:
        return {"status": "the bank is closed"}
    return {"status": "paid"}
# %% partial | the bank is closed; another error of the bank: says paid in any case
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
        return {"status": "refused"}
    try:
        pay(refund["amount"])
    finally:
        return {"status": "paid"}
# %% partial | the fault and its evidence: the class that was expected
clue_c = ("swallowed interrupt", "ConnectionError")


def ask_then_pay(refund, pay):
    if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
        return {"status": "refused"}
    try:
        pay(refund["amount"])
    except ConnectionError:
        return {"status": "the bank is closed"}
    return {"status": "paid"}
# %% passed: a question that names no amount
clue_c = ("swallowed interrupt", "langgraph.errors.GraphInterrupt")


def ask_then_pay(refund, pay):
    approved = interrupt("May I pay this refund?")
    if not approved:
        return {"status": "refused"}
    try:
        pay(refund["amount"])
    except ConnectionError:
        return {"status": "the bank is closed"}
    return {"status": "paid"}
# %% passed: a question with more in it, and else
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    approved = interrupt({"question": "May I?", "amount": refund["amount"]})
    if approved:
        try:
            pay(refund["amount"])
        except ConnectionError:
            return {"status": "the bank is closed"}
        else:
            return {"status": "paid"}
    return {"status": "refused"}
# %% partial | another error of the bank: every error of the bank is "closed"
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    if not interrupt("Refund?"):
        return {"status": "refused"}
    try:
        pay(refund["amount"])
    except Exception:
        return {"status": "the bank is closed"}
    return {"status": "paid"}
# %% partial | another error of the bank: and everything else, too
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    if not interrupt("Refund?"):
        return {"status": "refused"}
    try:
        pay(refund["amount"])
    except BaseException:
        return {"status": "the bank is closed"}
    return {"status": "paid"}
# %% partial | the bank is closed: tries twice, and may pay twice
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    if not interrupt("Refund?"):
        return {"status": "refused"}
    for _ in range(2):
        try:
            pay(refund["amount"])
            return {"status": "paid"}
        except ConnectionError:
            continue
    return {"status": "the bank is closed"}
# %% partial | the owner is asked, and says yes; the owner says no; two refunds wait; the bank is closed: asks once, for all customers
clue_c = ("swallowed interrupt", "GraphInterrupt")
decisions = []


def ask_then_pay(refund, pay):
    if not decisions:
        decisions.append(interrupt("Refund?"))
    if not decisions[0]:
        return {"status": "refused"}
    try:
        pay(refund["amount"])
    except ConnectionError:
        return {"status": "the bank is closed"}
    return {"status": "paid"}
# %% partial | the owner is asked, and says yes; two refunds wait; the bank is closed: pays what the story says
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    if not interrupt("Refund?"):
        return {"status": "refused"}
    try:
        pay(30.0)
    except ConnectionError:
        return {"status": "the bank is closed"}
    return {"status": "paid"}
# %% partial | another error of the bank: asks with more in it, and every error of the bank is closed
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    approved = interrupt({"question": "May I?", "amount": refund["amount"]})
    if approved:
        try:
            pay(refund["amount"])
        except Exception:
            return {"status": "the bank is closed"}
        else:
            return {"status": "paid"}
    return {"status": "refused"}
# %% partial | two refunds wait: what was decided on an amount holds for all
clue_c = ("swallowed interrupt", "GraphInterrupt")
said = {}


def ask_then_pay(refund, pay):
    euros = refund["amount"]
    yes = said[euros] if euros in said else said.setdefault(euros, interrupt(f"Refund {euros:.0f} euros?"))
    if not yes:
        return {"status": "refused"}
    try:
        pay(euros)
    except ConnectionError:
        return {"status": "the bank is closed"}
    return {"status": "paid"}
# %% partial | two refunds wait: an amount is paid once in a lifetime
clue_c = ("swallowed interrupt", "GraphInterrupt")
done = []


def ask_then_pay(refund, pay):
    euros = refund["amount"]
    if not interrupt(f"Refund {euros:.0f} euros?"):
        return {"status": "refused"}
    if euros in done:
        return {"status": "paid"}
    try:
        pay(euros)
    except ConnectionError:
        return {"status": "the bank is closed"}
    done.append(euros)
    return {"status": "paid"}
# %% partial | another error of the bank: takes every OSError for a closed bank
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    if not interrupt("May I?"):
        return {"status": "refused"}
    try:
        pay(refund["amount"])
        return {"status": "paid"}
    except (ConnectionError, OSError):
        return {"status": "the bank is closed"}
# %% refused: every OSError
clue_c = ("swallowed interrupt", "GraphInterrupt")
def ask_then_pay(refund: Refund, pay) -> dict:
    if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
        return {"status": "refused"}
    try:
        pay(refund["amount"])
    except OSError:
        return {"status": "the bank is closed"}
    return {"status": "paid"}
# %% refused: every Exception
clue_c = ("swallowed interrupt", "GraphInterrupt")
def ask_then_pay(refund: Refund, pay) -> dict:
    if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
        return {"status": "refused"}
    try:
        pay(refund["amount"])
    except Exception:
        return {"status": "the bank is closed"}
    return {"status": "paid"}
# %% partial | another error: a timeout as well
clue_c = ("swallowed interrupt", "GraphInterrupt")
def ask_then_pay(refund: Refund, pay) -> dict:
    if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
        return {"status": "refused"}
    try:
        pay(refund["amount"])
    except (ConnectionError, TimeoutError):
        return {"status": "the bank is closed"}
    return {"status": "paid"}
# %% partial | the bank is closed: this very class, though a connection that is reset is one of it
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund: Refund, pay) -> dict:
    if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
        return {"status": "refused"}
    try:
        pay(refund["amount"])
    except Exception as error:
        if type(error) is not ConnectionError:
            raise
        return {"status": "the bank is closed"}
    return {"status": "paid"}
# %% partial | the bank is closed: by the name of the class
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund: Refund, pay) -> dict:
    if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
        return {"status": "refused"}
    try:
        pay(refund["amount"])
    except OSError as error:
        if error.__class__.__name__ == "ConnectionError":
            return {"status": "the bank is closed"}
        raise
    return {"status": "paid"}
# %% partial | two refunds wait: the thread was paid before, so nobody is asked
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund: Refund, pay) -> dict:
    if refund.get("status") == "paid":
        return {}
    if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
        return {"status": "refused"}
    try:
        pay(refund["amount"])
    except ConnectionError:
        return {"status": "the bank is closed"}
    return {"status": "paid"}
