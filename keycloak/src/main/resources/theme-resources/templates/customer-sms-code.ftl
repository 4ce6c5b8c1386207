<#import "template.ftl" as layout>
<#import "field.ftl" as field>
<#import "buttons.ftl" as buttons>
<#import "customer-trust.ftl" as trust>
<@layout.registrationLayout displayMessage=!messagesPerField.existsError('smsCode'); section>
    <#if section = "header">
        ${msg("customerSmsTitle")}
    <#elseif section = "form">
        <p id="customer-sms-sent">${msg("customerSmsSentTo", smsNumber)}</p>
        <form id="customer-sms-form" class="${properties.kcFormClass!}" onsubmit="login.disabled = true; return true;" action="${url.loginAction}" method="post">
            <@field.input name="smsCode" label=msg("customerSmsCode") autocomplete="one-time-code" autofocus=true />
            <@trust.offer />
            <@buttons.loginButton />
        </form>
        <form id="customer-sms-resend" class="${properties.kcFormClass!} ${properties.kcMarginTopClass!}" action="${url.loginAction}" method="post">
            <@buttons.actionGroup>
                <@buttons.button id="customer-sms-again" name="resend" label="customerSmsAgain" type="secondary" value="true" />
            </@buttons.actionGroup>
        </form>
    </#if>
</@layout.registrationLayout>
