# %% passed: the interrupt is raised again
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
# %% passed: a question with more in it, and else
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
# %% partial | says yes; says no; closed: still swallowed
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    try:
        if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
            return {"status": "refused"}
        pay(refund["amount"])
        return {"status": "paid"}
    except Exception as error:
        return {"status": f"the bank is closed: {error}"}
# %% partial | closed: nothing is caught any more
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
        return {"status": "refused"}
    pay(refund["amount"])
    return {"status": "paid"}
# %% partial | says yes; says no; closed: pays first
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    try:
        pay(refund["amount"])
    except ConnectionError:
        return {"status": "the bank is closed"}
    if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
        return {"status": "refused"}
    return {"status": "paid"}
# %% partial | says no: does not look at the answer
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    interrupt(f"Refund {refund['amount']:.0f} euros?")
    try:
        pay(refund["amount"])
    except ConnectionError:
        return {"status": "the bank is closed"}
    return {"status": "paid"}
# %% partial | says yes; says no; closed: asks nobody
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    try:
        pay(refund["amount"])
    except ConnectionError:
        return {"status": "the bank is closed"}
    return {"status": "paid"}
# %% partial | closed: says paid in any case
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund, pay):
    if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
        return {"status": "refused"}
    try:
        pay(refund["amount"])
    finally:
        return {"status": "paid"}
# %% partial | the fault: the class that was expected
clue_c = ("swallowed interrupt", "ConnectionError")


def ask_then_pay(refund, pay):
    if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
        return {"status": "refused"}
    try:
        pay(refund["amount"])
    except ConnectionError:
        return {"status": "the bank is closed"}
    return {"status": "paid"}
